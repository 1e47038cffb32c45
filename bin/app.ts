import { App, Stack, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { FeatureLake } from '../lib/stack/feature-lake.ts'
import { LakeStorage } from '../lib/stack/lake-storage.ts'

/** The CDK app: the lake's bucket in a stack that outlives every function that works on it, and the functions in another. */
const app = new App()
const storage = new LakeStorage(new Stack(app, 'HindcastStorage'), 'Lake')
new FeatureLake(new Stack(app, 'Hindcast'), 'Lake', { definitions: 'features', bucket: storage.bucket })
Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
