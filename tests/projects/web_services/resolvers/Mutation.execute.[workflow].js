import { util } from '@aws-appsync/utils';

export function request(ctx) {
  return {
    method: 'POST',
    resourcePath: '/',
    params: {
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AWSStepFunctions.StartSyncExecution' },
      body: {
        stateMachineArn: 'arn:aws:states:eu-central-1:123456789012:stateMachine:pay',
        input: JSON.stringify(ctx.args),
      },
    },
  };
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type);
  const { statusCode, headers, body } = ctx.result;
  const answer = JSON.parse(body);
  // The name as the service spells it, which Amplify's own resolvers read.
  if (statusCode !== 200) util.error(answer.message, headers['x-amzn-ErrorType']);
  return answer;
}
