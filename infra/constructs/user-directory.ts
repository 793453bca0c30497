import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import {
  AccountRecovery,
  CfnUserPoolGroup,
  Mfa,
  UserPool,
  type UserPoolClient,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { ADMIN_GROUP } from '../../src/contracts/parameters.ts';
import { acknowledge } from './acknowledge.ts';

export interface UserDirectoryProps {
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
}

/** Who may sign in. Accounts are made by an administrator; what they may do in a project is the API's matter. */
export class UserDirectory extends Construct {
  readonly pool: UserPool;
  /** Used by the dashboard and the CLI; a public client, so it holds no secret. */
  readonly client: UserPoolClient;

  constructor(scope: Construct, id: string, { removalPolicy, deletionProtection }: UserDirectoryProps) {
    super(scope, id);
    this.pool = new UserPool(this, 'Pool', {
      selfSignUpEnabled: false,
      signInAliases: { username: true },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 14,
        requireDigits: true,
        requireLowercase: true,
        requireUppercase: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      deletionProtection,
      removalPolicy,
    });
    new CfnUserPoolGroup(this, 'Admins', {
      userPoolId: this.pool.userPoolId,
      groupName: ADMIN_GROUP,
      description: 'Site administrators: may do everything in every project',
    });
    this.client = this.pool.addClient('Client', {
      authFlows: { userPassword: true, userSrp: true },
      generateSecret: false,
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
      accessTokenValidity: Duration.hours(1),
      idTokenValidity: Duration.hours(1),
      refreshTokenValidity: Duration.days(7),
      disableOAuth: true,
    });
    for (const [rule, reason] of [
      [
        'COG2',
        'optional per user: service accounts of the CLI cannot answer a second factor; people are told to set it',
      ],
      [
        'COG3',
        'threat protection needs the Plus tier, billed per user; sign-up is closed and passwords are long',
      ],
      ['COG8', 'the Plus tier is billed per user; a hospital that wants it switches the tier on'],
    ] as const) {
      acknowledge(this.pool, ['AwsSolutions'], rule, reason);
    }
  }
}
