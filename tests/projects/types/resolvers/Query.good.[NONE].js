export function request(ctx) {
  return {
    payload: {
      date: '-2017-05-01+05:30',
      time: '12:00:34.123456789Z',
      dateTime: '2023-11-30T11:04:03+08:00:30',
      timestamp: -31557014167219200,
      email: 'ada@example.com',
      json: [1, { a: null }],
      url: 'mailto:a@b',
      phone: '+44 20 7946 0018',
      ip: '2001:db8::1/32',
    },
  };
}

export function response(ctx) {
  return ctx.result;
}
