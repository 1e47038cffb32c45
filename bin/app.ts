import { App, CfnOutput, Stack } from 'aws-cdk-lib'
import { LakeStorage } from '../lib/stack/lake-storage.ts'

/** The CDK app. It has the stateful stack so far: the lake's bucket, which outlives every function that works on it. */
const app = new App()
const stack = new Stack(app, 'HindcastStorage')
const storage = new LakeStorage(stack, 'Lake')
new CfnOutput(stack, 'LakeBucket', { value: storage.bucket.bucketName })
