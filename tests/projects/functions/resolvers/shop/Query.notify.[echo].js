export const request = (ctx) => ({ operation: 'Invoke', invocationType: 'Event', payload: ctx.args });
export const response = (ctx) => (ctx.result === null ? 'accepted' : 'answered');
