-- wrk -s load.lua URL -- single|list|create|mixed
-- Posts one kind of operation, or all of them, with changing ids, counts answers that are not as they should be, and
-- prints one line of numbers at the end.

local function posted(query, variables)
  local body = string.format('{"query":"%s","variables":%s}', query, variables)
  -- The key is for servers that ask for one.
  return wrk.format("POST", nil, { ["content-type"] = "application/json", ["x-api-key"] = "key" }, body)
end

local make = {
  single = function(i)
    return posted("query($id: ID!) { user(id: $id) { id name } }", string.format('{"id":"u%04d"}', i % 100))
  end,
  list = function()
    return posted("{ orders(limit: 50) { items { id userId quantity status createdAt product { id name price } } nextToken } }", "{}")
  end,
  create = function(i)
    local input = string.format('{"input":{"userId":"u%04d","productId":"p%04d","quantity":2}}', i % 100, i % 50)
    return posted("mutation($input: CreateOrderInput!) { createOrder(input: $input) { id userId productId quantity status createdAt } }", input)
  end,
}

make.mixed = function(i)
  if i % 10 == 3 then return make.list(i) end
  if i % 10 == 7 then return make.create(i) end
  return make.single(i)
end

local requests, sent = {}, 0
failed = 0

function init(args)
  for i = 1, 100 do requests[i] = make[args[1]](i) end
end

function request()
  sent = sent + 1
  return requests[sent % 100 + 1]
end

function response(status, _, body)
  if status ~= 200 or body:find('"errors"', 1, true) then failed = failed + 1 end
end

local thread
function setup(of) thread = of end

function done(summary, latency)
  local broken = summary.errors
  io.write(string.format("result %d %d %d %d %d %d %d %d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    latency.max, thread:get("failed"),
    broken.connect + broken.read + broken.write + broken.timeout))
end
