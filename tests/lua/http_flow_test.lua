--- HTTP with a side that is slower than the other: what waits, waits at its sender, not here.
local check = require "check"
local http = require "http"

local MIB <const> = 1 << 20
local PATIENCE <const> = 10

local function serve(handler, options)
  return check.ok(listen("http://127.0.0.1:0", options or {}, handler))
end

local function open(srv, options)
  return check.ok(connect((srv.address:gsub("^http://", "")), options))
end

--- So many MiB, as the body of a request.
local function megabytes(count)
  return function()
    count = count - 1
    return count >= 0 and ("x"):rep(MIB) or nil
  end
end

--- Reads pieces as one who needs his time does; how many bytes there were. `seen(size)` is called
-- with each number of bytes so far.
local function read_slowly(pieces, seen)
  local size = 0
  for piece in pieces do
    size = size + #piece
    if seen then seen(size) end
    if size % (4 * MIB) < #piece then sleep(0.01) end
  end
  return size
end

check.case("an upload larger than all buffers goes through a slow handler, which holds little of it", function()
  local most = 0
  local srv <close> = serve(function(req)
    local conn = req.connection
    return tostring(read_slowly(req:body(), function(size)
      most = math.max(most, conn.bytes_in - size)
    end))
  end)
  local answer = check.ok(http.post(srv.address, megabytes(48)))
  check.equal(answer.body, tostring(48 * MIB))
  check.ok(most < 3 * MIB, most)
  http.close_idle()
end)

check.case("requests that are sent ahead are not read before their time", function()
  local go_on, seen = false, nil
  local srv <close> = serve(function(req)
    seen = seen or req.connection
    if not go_on then check.eventually(function() return go_on end, PATIENCE) end
    return ""
  end, { recvbuf = 65536 })
  local c <close> = open(srv, { sendbuf = 65536 })
  local request = "GET / HTTP/1.1\r\nHost: a\r\nX: " .. ("x"):rep(1000) .. "\r\n\r\n"
  local count <const> = 8000
  local sender = spawn(function()
    for _ = 1, count do c:write(request) end
  end)
  check.eventually(function() return seen and c.queued > 0 end, PATIENCE)
  check.ok(seen.bytes_in < 2 * MIB, seen.bytes_in)
  go_on = true
  for _ = 1, count do
    check.match(check.ok(c:read_until("\r\n\r\n", { timeout = PATIENCE })), "^HTTP/1.1 200 OK\r\n")
  end
  sender:join()
end)

check.case("an answer larger than all buffers waits for its client", function()
  local most = 0
  local srv <close> = serve(function(req, res)
    for _ = 1, 48 do
      res:write(("x"):rep(MIB))
      most = math.max(most, req.connection.queued)
    end
  end)
  local answer = check.ok(http.get(srv.address, { stream = true }))
  check.same({ read_slowly(answer:body()), answer.failure }, { 48 * MIB })
  check.ok(most < 3 * MIB, most)
  http.close_idle()
end)

check.case("a proxy between the two holds little of what passes", function()
  local behind <close> = serve(function(req) return tostring(read_slowly(req:body())) end)
  local app, most = http.app(), 0
  app:use(function(req, _, next)
    local passed, body = 0, req.body
    function req.body(...)
      local pieces = body(...)
      return function()
        most = math.max(most, req.connection.bytes_in - passed)
        local piece = pieces()
        passed = passed + #(piece or "")
        return piece
      end
    end
    return next()
  end)
  app:proxy("/", behind.address)
  local front <close> = serve(app)
  local answer = check.ok(http.post(front.address, megabytes(32)))
  check.equal(answer.body, tostring(32 * MIB))
  check.ok(most < 3 * MIB, most)
  http.close_idle()
end)

check.case("answers without a body leave the connection in step", function()
  local srv <close> = serve(function(req, res)
    if req.path == "/204" then return 204 end
    if req.path == "/304" then
      res.headers["Content-Length"] = 5
      return 304, ""
    end
    if req.path == "/hints" then
      res:inform(103, { Link = "</a>" })
      res:inform(102)
    end
    if req.path == "/pieces" then res:write("hel") res:write("lo") return end
    return "hello"
  end)
  for _, each in ipairs {
    { "GET", "/204", 204, "" }, { "GET", "/304", 304, "" }, { "HEAD", "/", 200, "" },
    { "HEAD", "/pieces", 200, "" }, { "GET", "/hints", 200, "hello" }, { "HEAD", "/hints", 200, "" },
    { "GET", "/pieces", 200, "hello" }, { "HEAD", "/204", 204, "" }, { "GET", "/", 200, "hello" },
  } do
    local method, path, status, body = table.unpack(each)
    local answer = check.ok(http.request { url = srv.address .. path, method = method })
    check.same({ answer.status, answer.body }, { status, body }, method .. path)
  end
  check.equal(srv.accepted, 1, "all through one connection")
  check.equal(http.close_idle(), 1)
end)

check.done()
