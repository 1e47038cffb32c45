/**
 * An app of somebody else, as `own-app.test.ts` synthesises it: a whole lake beside resources of their own, and the parts alone where
 * somebody wants fewer of them. `CDK_OUTDIR` says where the templates go.
 */
import { App, Duration, Stack, Validations } from 'aws-cdk-lib'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { AwsSolutionsChecks } from 'cdk-nag'
import {
  BackfillMachine,
  FeatureLake,
  FUNCTION_TIMEOUT,
  LakeCatalog,
  LakeFunctions,
  LakeStorage,
  LivePipeline,
  LiveQueue,
} from '../../../lib/stack/index.ts'

const app = new App()

/** A lake whose raw data lies in a bucket that was there, encrypted with a key of theirs; its alarms go to their topic. */
const shop = new Stack(app, 'Shop')
const lake = new FeatureLake(shop, 'Features', {
  definitions: new URL('features', import.meta.url).pathname,
  database: 'shop_features',
  liveConcurrency: 4,
  backfillConcurrency: 40,
  sweepEvery: Duration.minutes(30),
})
const key = Key.fromKeyArn(shop, 'RawKey', 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab')
for (const one of lake.functions) key.grantDecrypt(one)
const pager = new SnsAction(new Topic(shop, 'Pager', { enforceSSL: true }))
for (const alarm of lake.watch?.alarms ?? []) alarm.addAlarmAction(pager)

/** Storage and catalog alone: a lake that is written from elsewhere. */
const archive = new Stack(app, 'Archive')
const { bucket: kept } = new LakeStorage(archive, 'Storage', { keepRaw: { 'clicks/': Duration.days(30) } })
new LakeCatalog(archive, 'Catalog', { bucket: kept })

/** The live pipeline alone, without backfills, over a bucket of theirs as the lake. */
const live = new Stack(app, 'LiveOnly')
const bucket = Bucket.fromBucketName(live, 'Bucket', 'acme-lake')
const queue = new LiveQueue(live, 'Queue', { timeout: FUNCTION_TIMEOUT })
const working = new LakeFunctions(live, { bucket, queue: queue.queue })
const followed = { bucket: Bucket.fromBucketName(live, 'Raw', 'acme-raw-events'), prefixes: ['clicks/dt='] }
new LivePipeline(live, 'Live', {
  ...{ queue, transform: working.makeTransform(), sweep: working.makeSweep(), followed: [followed] },
  ...{ concurrency: 2, sweepEvery: Duration.hours(6) },
})
working.allowRaw(followed)

/** Backfills alone, of a lake that no event reaches. */
const history = new Stack(app, 'HistoryOnly')
const lakeOfOthers = Bucket.fromBucketName(history, 'Bucket', 'acme-lake')
const computing = new LakeFunctions(history, { bucket: lakeOfOthers })
new BackfillMachine(history, 'Backfill', {
  bucket: lakeOfOthers,
  ...{ plan: computing.makePlan(50), verify: computing.makeVerify(), transform: computing.makeTransform() },
  ...{ publish: computing.makePublish(), report: computing.makeReport() },
})
/** What cdk-nag finds anywhere fails the synthesis. */
Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
app.synth()
