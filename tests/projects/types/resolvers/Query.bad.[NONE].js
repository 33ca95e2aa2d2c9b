export function request(ctx) {
  return {
    payload: {
      date: '2020-1-1',
      time: '25:00',
      dateTime: '2020-01-01T00:00',
      timestamp: 'now',
      email: 'nobody',
      json: 'text is JSON too',
      url: 'www.example.com',
      phone: '1110004444',
      ip: 'localhost',
    },
  };
}

export function response(ctx) {
  return ctx.result;
}
