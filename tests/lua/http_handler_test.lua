--- Handlers of HTTP that return what they should not, or fail: what the client gets, what is told of
-- it; and that clients who leave, or send too much, are no failure of theirs.
local check = require "check"
local child = require "child"
local http = require "http"

local PATIENCE <const> = { timeout = 10 }

--- What a second moonwire prints that asks `app`, which has the routes of `text`, for `paths`.
local function reports(text, paths)
  return (child(([[
    local http = require "http"
    local app, lines = http.app(), {}
    %s
    app:log(function(line) lines[#lines + 1] = line:match '"(.-)%%.%%d+\n' end)
    local srv = listen("http://127.0.0.1:0", app)
    for path in ("%s"):gmatch "%%S+" do print(path, (http.get(srv.address .. path) or { status = "cut" }).status) end
    print(table.concat(lines, "\n"))
    os.exit(0) ]]):format(text, paths)))
end

check.case("the report of a failure names the request", function()
  local said = reports([[
    app:get("/fails", function() error "as it should" end)
    app:get("/type", function() return true end)
    app:get("/head", function(_, res) res.headers.X = "a\nb" return "x" end)
    app:get("/headers", function() return 200, "x", "y" end) ]], "/fails?a=b /type /head /headers")
  local function told(what) return check.match(said, "connection %d+ %(127.0.0.1:%d+%), GET " .. what) end
  told "/fails%?a=b: .*: as it should\nstack traceback:"
  told "/type: http: a handler returns a string, .* not a boolean"
  told "/head: http: the field 'X' has a control byte"
  told "/headers: http: the headers that a handler returns are a table, not a string"
  for path in said:gmatch "(/%w+[?=ab]*)\t500" do said = said:gsub(path:gsub("%p", "%%%0") .. "\t500", "", 1) end
  check.equal(said:match "\t500", nil)
  check.match(said, '\nGET /fails%?a=b HTTP/1.1" 500 0 ')
end)

check.case("nil and a message is a failure", function()
  local said = reports([[
    app:get("/why", function() return nil, "no such thing", "ENOENT" end)
    app:get("/body", function() return 201, json.decode "{" end) ]], "/why /body")
  check.match(said, "GET /why: no such thing\n")
  check.match(said, "/why\t500\n")
  check.match(said, "/body\t500\n")
end)

check.case("the log has what was sent, when the handler failed too", function()
  local said = reports([[
    app:get("/cut", function(_, res) res.headers["Content-Length"] = 9 res:write "abc" end)
    app:get("/nil", function() error(nil) end) ]], "/cut /nil")
  check.match(said, "/cut\tcut\n")
  check.match(said, '\nGET /cut HTTP/1.1" 200 3 ')
  check.match(said, '\nGET /nil HTTP/1.1" 500 0 ')
end)

check.case("a client that leaves in the middle of an answer is no failure of its handler", function()
  local said = child [[
    local http = require "http"
    local path, large = os.tmpname(), ("x"):rep(1 << 20)
    local app, over = http.app(), 0
    app:use(function(_, res, next)
      local ended <close> = setmetatable({}, { __close = function() over = over + 1 end })
      return next()
    end)
    app:static("/files", path:match "^(.*)/")
    app:get("/pieces", function(_, res)
      res.headers["Content-Length"] = 24 << 20
      for _ = 1, 24 do
        if not res:write(large) then return end
      end
    end)
    local file <close> = io.open(path, "w")
    for _ = 1, 24 do file:write(large) end
    file:close()
    local srv = listen("http://127.0.0.1:0", app)
    for i, target in ipairs { "/pieces", "/files/" .. path:match "[^/]+$" } do
      local c = connect((srv.address:gsub("^http://", "")))
      c:write("GET ", target, " HTTP/1.1\r\nHost: a\r\n\r\n")
      print(c:read "l")
      c:abort()
      for _ = 1, 1000 do
        if over == i then break end
        sleep(0.01)
      end
      print(over)
    end
    os.remove(path)
    os.exit(0) ]]
  check.equal(said, "HTTP/1.1 200 OK\n1\nHTTP/1.1 200 OK\n2\n")
end)

-- --- what clients send ------------------------------------------------------------------------

--- The answer of `handler` to a multipart body of these parts, each { name, value }.
local function post(handler, parts, options)
  local srv <close> = check.ok(listen("http://127.0.0.1:0", options or {}, handler))
  local body = {}
  for i, part in ipairs(parts) do
    body[i] = ('--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'):format(part[1], part[2])
  end
  local answer = check.ok(http.post(srv.address, table.concat(body) .. "--B--\r\n",
    { headers = { ["Content-Type"] = "multipart/form-data; boundary=B" }, keep_alive = false, expect = false }))
  return answer.status, answer.body
end

check.case("a form of several parts is held to the limit of bodies", function()
  local function fields(max)
    return function(req)
      local form, message, code = req:form(max)
      if not form then return 413, code .. " " .. message end
      return form
    end
  end
  local long = ("x"):rep(700000)
  check.equal(post(fields(), { { "a", "1" }, { "b", long } }), 200)
  local status, told = post(fields(), { { "a", long }, { "b", long } })
  check.equal(status, 413)
  check.match(told, "^EMSGSIZE read: the part is longer than %d+ bytes")
  check.equal(post(fields(2 << 20), { { "a", long }, { "b", long } }), 200)
  check.equal(post(fields(), { { "a", long }, { "b", long } }, { http = { max_body = 2 << 20 } }), 200)
  local many = {}
  for i = 1, 200 do many[i] = { ("n%d_"):format(i) .. ("x"):rep(6000), "" } end
  check.equal(post(fields(), many), 413, "names count")
end)

check.case("the text of a part is, too; its pieces are not", function()
  local function text(max)
    return function(req)
      for part in req:parts() do
        local whole, message, code = part:text(max)
        if not whole then return 413, code .. " " .. message end
      end
    end
  end
  local long = { { "a", ("x"):rep(2 << 20) } }
  check.equal(post(text(), long), 413)
  check.equal(post(text(3 << 20), long), 204)
  check.same({ post(text(4), { { "a", "12345" } }) }, { 413, "EMSGSIZE read: the part is longer than 4 bytes" })
  check.same({ post(function(req)
    local size = 0
    for part in req:parts() do
      for piece in part:body() do size = size + #piece end
    end
    return tostring(size)
  end, long) }, { 200, tostring(2 << 20) })
end)

check.case("queries and forms are seen by name", function()
  local srv <close> = check.ok(listen("http://127.0.0.1:0", function(req)
    return req.method == "GET" and req.query or req:form()
  end))
  check.equal(http.get(srv.address .. "/?a=1").body, '{"a":"1"}')
  check.equal(http.get(srv.address).body, "{}")
  check.equal(http.post(srv.address, nil, { form = { b = "2" } }).body, '{"b":"2"}')
  http.close_idle()
end)

check.done()
