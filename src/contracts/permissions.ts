import type { Role } from './records.ts';

/**
 * What a person can do in a project, and which roles may do it by default: the action table of XNAT ML's
 * "Creating a project and assigning roles". A project can grant a member more; site admins may do everything.
 */
export const ACTIONS = {
  'project:read': ['owner', 'member', 'collaborator'],
  'project:write': ['owner'],
  'member:read': ['owner', 'member', 'collaborator'],
  'member:write': ['owner'],
  'model:read': ['owner', 'member', 'collaborator'],
  'model:install': ['owner'],
  'model:promote': ['owner'],
  'automation:read': ['owner', 'member', 'collaborator'],
  'automation:write': ['owner'],
  'case:read': ['owner', 'member', 'collaborator'],
  'case:review': ['owner', 'member'],
  'case:retry': ['owner', 'member'],
  'dataset:read': ['owner', 'member', 'collaborator'],
  'dataset:write': ['owner'],
  'run:read': ['owner', 'member', 'collaborator'],
  'run:launch': ['owner'],
  'run:stop': ['owner'],
  'export:read': ['owner', 'member', 'collaborator'],
  'export:write': ['owner'],
} as const satisfies Record<string, readonly Role[]>;
export type Action = keyof typeof ACTIONS;
