import type { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { TABLE } from '../../src/contracts/table.ts';
import { acknowledge, COMPLIANCE_PACKS } from './acknowledge.ts';

export interface PipelineTableProps {
  readonly key: IKey;
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
}

/** The single table with its two indexes, on demand, recoverable to any second of the last 35 days. */
export class PipelineTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, { key, removalPolicy, deletionProtection }: PipelineTableProps) {
    super(scope, id);
    const text = (name: string) => ({ name, type: AttributeType.STRING });
    this.table = new Table(this, 'Table', {
      partitionKey: text(TABLE.partitionKey),
      sortKey: text(TABLE.sortKey),
      timeToLiveAttribute: TABLE.ttl,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      deletionProtection,
      removalPolicy,
    });
    for (const index of [TABLE.index1, TABLE.index2]) {
      this.table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: text(index.partitionKey),
        sortKey: text(index.sortKey),
      });
    }
    for (const [rule, reason] of [
      [
        'DynamoDBInBackupPlan',
        'point-in-time recovery covers 35 days; a backup plan is the account owner’s choice',
      ],
      ['DynamoDBAutoScalingEnabled', 'capacity is on demand'],
    ] as const) {
      acknowledge(this.table, COMPLIANCE_PACKS, rule, reason);
    }
  }
}
