import type { MachineStatus } from '../../local/machine/status.ts';
import { formatFields, formatTable } from './output.ts';

/** The state of a local machine for a person. */
export function statusText(now: MachineStatus): string {
  const fields = formatFields({
    machine: now.state,
    dashboard: now.dashboardUrl,
    API: now.apiUrl && `${now.apiUrl}/v1`,
    XNAT: now.xnatUrl,
    'data folder': now.dataFolder,
    deployed: now.deployment && `${now.deployment.deployedAt} (${now.deployment.digest.slice(0, 12)})`,
    version: Object.entries(now.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  });
  const servers = formatTable(
    ['server', 'state', 'pid', 'address'],
    Object.entries(now.servers).map(([name, { state, pid, url }]) => [name, state, pid, url]),
  );
  const users = formatTable(
    ['user', 'password', 'for'],
    [
      ...now.users.map(({ name, password, purpose }) => [name, password, purpose]),
      ...(now.xnatUser ? [[now.xnatUser.name, now.xnatUser.password, 'XNAT stand-in']] : []),
    ],
  );
  if (now.state === 'never started') {
    return `${fields}\n\nStart it with: contourflow up (npm run demo has a machine of its own, in .contourflow/demo)`;
  }
  return `${fields}\n\n${servers}\n\n${users}`;
}
