import { Aws, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, COMPLIANCE_PACKS } from './acknowledge.ts';
import { AccessLogBucket } from './data-bucket.ts';

export interface WebDistributionProps {
  readonly apiId: string;
  readonly removalPolicy: RemovalPolicy;
}

/** A path without an extension is a page of the dashboard, which index.html shows. */
const ROUTE_TO_INDEX = `function handler(event) {
  var request = event.request;
  if (request.uri.split('/').pop().indexOf('.') === -1) request.uri = '/index.html';
  return request;
}`;

/** One origin for the browser: the dashboard's files, and `/v1/*` passed to the API untouched. */
export class WebDistribution extends Construct {
  readonly bucket: IBucket;
  readonly distribution: Distribution;

  constructor(scope: Construct, id: string, { apiId, removalPolicy }: WebDistributionProps) {
    super(scope, id);
    const logs = new AccessLogBucket(
      this,
      'AccessLogs',
      removalPolicy,
      ObjectOwnership.BUCKET_OWNER_PREFERRED,
    );
    this.bucket = this.createBucket(logs.bucket, removalPolicy);
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'Contourflow',
      defaultRootObject: 'index.html',
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_100,
      enableLogging: true,
      logBucket: logs.bucket,
      logFilePrefix: 'distribution/',
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(this.bucket),
        viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: CachePolicy.CACHING_OPTIMIZED,
        responseHeadersPolicy: this.createHeaders(),
        functionAssociations: [
          {
            eventType: FunctionEventType.VIEWER_REQUEST,
            function: new EdgeFunction(this, 'RouteToIndex', {
              runtime: FunctionRuntime.JS_2_0,
              code: FunctionCode.fromInline(ROUTE_TO_INDEX),
              comment: 'Pages of the dashboard',
            }),
          },
        ],
      },
      additionalBehaviors: {
        '/v1/*': {
          origin: new HttpOrigin(`${apiId}.execute-api.${Aws.REGION}.amazonaws.com`, {
            protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
          }),
          viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
          allowedMethods: AllowedMethods.ALLOW_ALL,
          cachePolicy: CachePolicy.CACHING_DISABLED,
          originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        },
      },
    });
    this.acknowledgeFindings();
  }

  private createBucket(accessLogs: IBucket, removalPolicy: RemovalPolicy): IBucket {
    return new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      versioned: true,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: 'web/',
      lifecycleRules: [{ id: 'tidy', noncurrentVersionExpiration: Duration.days(30) }],
      removalPolicy,
    }) as IBucket;
  }

  private createHeaders(): ResponseHeadersPolicy {
    return new ResponseHeadersPolicy(this, 'Headers', {
      comment: 'Contourflow dashboard',
      securityHeadersBehavior: {
        contentSecurityPolicy: {
          override: true,
          contentSecurityPolicy: [
            "default-src 'self'",
            // The dashboard signs in at Cognito and reads presigned objects straight from S3.
            `connect-src 'self' https://cognito-idp.${Aws.REGION}.amazonaws.com https://*.s3.${Aws.REGION}.amazonaws.com`,
            "img-src 'self' data: blob:",
            "style-src 'self' 'unsafe-inline'",
            "worker-src 'self' blob:",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
          ].join('; '),
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
        strictTransportSecurity: {
          accessControlMaxAge: Duration.days(365),
          includeSubdomains: true,
          override: true,
        },
      },
    });
  }

  private acknowledgeFindings(): void {
    for (const [rule, reason] of [
      [
        'CFR1',
        'hospitals and their researchers may be anywhere; who may sign in is decided by the user directory',
      ],
      [
        'CFR2',
        'a web ACL costs every month while idle; the API is throttled and every route but the signed webhook needs a token',
      ],
      ['CFR4', 'the default domain’s certificate; a domain of one’s own brings TLS 1.2 with its certificate'],
    ] as const) {
      acknowledge(this.distribution, ['AwsSolutions'], rule, reason);
    }
    for (const [rule, reason] of [
      [
        'S3DefaultEncryptionKMS',
        'the dashboard’s public files; a key of its own would have to trust the distribution',
      ],
      ['S3BucketReplicationEnabled', 'the dashboard’s files are built from the source at each deployment'],
    ] as const) {
      acknowledge(this.bucket, COMPLIANCE_PACKS, rule, reason);
    }
  }
}
