// What Amplify's transformers make of a schema: the resources of CloudFormation stacks.

import { createRequire } from 'node:module';

// Amplify's packages are CommonJS and build upon one instance of aws-cdk-lib.
const require = createRequire(import.meta.url);
const { App, CfnElement, Stack } = require('aws-cdk-lib');
const { AuthTransformer } = require('@aws-amplify/graphql-auth-transformer');
const { DefaultValueTransformer } = require('@aws-amplify/graphql-default-value-transformer');
const { IndexTransformer, PrimaryKeyTransformer } = require('@aws-amplify/graphql-index-transformer');
const { ModelTransformer } = require('@aws-amplify/graphql-model-transformer');
const {
  BelongsToTransformer,
  HasManyTransformer,
  HasOneTransformer,
  ManyToManyTransformer,
} = require('@aws-amplify/graphql-relational-transformer');
const {
  DDB_DEFAULT_DATASOURCE_STRATEGY,
  GraphQLTransform,
  constructDataSourceStrategies,
} = require('@aws-amplify/graphql-transformer-core');

export const USER_POOL = 'eu-central-1_Syncline';

/** Signing in with a user pool, and where the schema says so with an API key or as IAM. */
const AUTHENTICATION = {
  defaultAuthentication: {
    authenticationType: 'AMAZON_COGNITO_USER_POOLS',
    userPoolConfig: { userPoolId: USER_POOL },
  },
  additionalAuthenticationProviders: [
    { authenticationType: 'API_KEY', apiKeyConfig: { apiKeyExpirationDays: 7 } },
    { authenticationType: 'AWS_IAM' },
  ],
};

/**
 * @param {string} name of the API
 * @param {string} schema with Amplify's directives
 * @returns {{ resources: Record<string, { Type: string, Properties: object }>, files: Map<string, string> }} CloudFormation's
 *   resources by their logical ids, and the files that they find in S3 by their addresses
 */
export function transform(name, schema) {
  const stack = new Stack(new App(), name);
  const files = new Map();
  const model = new ModelTransformer();
  const auth = new AuthTransformer();
  const index = new IndexTransformer();
  const hasOne = new HasOneTransformer();
  const transformer = new GraphQLTransform({
    // The order in which Amplify itself runs them.
    transformers: [
      model,
      new PrimaryKeyTransformer(),
      index,
      new HasManyTransformer(),
      hasOne,
      new ManyToManyTransformer(model, index, hasOne, auth),
      new BelongsToTransformer(),
      new DefaultValueTransformer(),
      auth,
    ],
    authConfig: AUTHENTICATION,
    // A function of its own for each slot of each field: their names then say where they belong.
    transformParameters: { disableResolverDeduping: true },
  });
  transformer.transform({
    scope: stack,
    schema,
    dataSourceStrategies: constructDataSourceStrategies(schema, DDB_DEFAULT_DATASOURCE_STRATEGY),
    nestedStackProvider: { provide: (scope, id) => nestedStack(scope, id) },
    assetProvider: { provide: (_scope, _id, { fileName, fileContent }) => asset(files, fileName, fileContent) },
    synthParameters: { amplifyEnvironmentName: 'NONE', apiName: name, userPoolId: USER_POOL },
    rdsLayerMapping: {},
    rdsSnsTopicMapping: {},
  });
  return { resources: resources(stack), files };
}

/** A stack inside of another. The parameters of tables keep their defaults. */
function nestedStack(scope, id) {
  return Object.assign(new Stack(scope, id), { setParameter: () => {} });
}

/**
 * What all stacks together consist of. Before they are written out as files, references among them are plain `Ref`s and
 * `Fn::GetAtt`s.
 */
function resources(stack) {
  const found = {};
  for (const element of stack.node.findAll().filter(CfnElement.isCfnElement)) {
    const { Resources } = element.stack.resolve(element._toCloudFormation());
    for (const [id, resource] of Object.entries(Resources ?? {})) {
      if (id in found) throw new Error(`two resources are called ${id}`);
      found[id] = resource;
    }
  }
  return found;
}

/** Keeps a file that would lie in S3. */
function asset(files, name, text) {
  const address = `s3://assets/${name}`;
  if (files.get(address) !== undefined && files.get(address) !== text) throw new Error(`two files are called ${name}`);
  files.set(address, text);
  return { assetHash: name, httpUrl: address, s3BucketName: 'assets', s3ObjectKey: name, s3ObjectUrl: address };
}
