--- Servers of HTTP by hand, for tests of the client: what they are sent, and answers of any kind.
local check = require "check"
local http = require "http"

local peer = {}

--- The head of a request: its first line, and its fields by their names in small letters.
function peer.read_head(c)
  local first = c:read "l"
  if not first then return nil end
  local fields = {}
  for line in c:lines() do
    if line == "" then return first, fields end
    local name, value = line:match "^([^:]+): (.*)$"
    if not name then return nil end  -- no HTTP at all
    fields[name:lower()] = value
  end
end

--- A server whose connections are handled by `handler`: its URL, without a path, and itself.
function peer.serve(handler, options, scheme)
  scheme = scheme or "http"
  local address = (scheme == "https" and "tls://" or "") .. "127.0.0.1:0"
  local server = check.ok(listen(address, options or {}, handler))
  return scheme .. "://" .. server.address:gsub("^tls://", ""), server
end

--- An answer with a body; `more` are whole lines of its head.
function peer.ok(body, more)
  return ("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s"):format(more or "", #body, body)
end

--- An answer that leads elsewhere.
function peer.redirect(status, location)
  return ("HTTP/1.1 %d Elsewhere\r\nLocation: %s\r\nContent-Length: 4\r\n\r\ngone"):format(status, location)
end

--- The body of a request, whose length is known or which comes in chunks.
function peer.read_body(c, fields)
  if not fields["transfer-encoding"] then
    local length = tonumber(fields["content-length"] or 0)
    return length > 0 and c:read(length) or ""
  end
  local pieces = {}
  while true do
    local size = tonumber(c:read "l", 16)
    if size == 0 then break end
    pieces[#pieces + 1] = c:read(size)
    c:read "l"
  end
  c:read "l"
  return table.concat(pieces)
end

--- A server that answers each request with what `answers` has next, the last one again and again: a
-- text, or a function(c, request) that returns one, or nil to end the connection. What it has seen
-- is in .seen: { first =, fields =, body = }.
function peer.script(answers, options, scheme)
  local self = { seen = {}, connections = 0 }
  self.url, self.server = peer.serve(function(c)
    self.connections = self.connections + 1
    while true do
      local first, fields = peer.read_head(c)
      if not first then return end
      local request = { first = first, fields = fields, body = peer.read_body(c, fields) }
      self.seen[#self.seen + 1] = request
      local answer = answers[#self.seen] or answers[#answers]
      if type(answer) == "function" then answer = answer(c, request) end
      if not answer then return end
      c:write(answer)
    end
  end, options, scheme)
  function self.close()
    http.close_idle()
    self.server:close()
  end
  return self
end

--- A proxy for CONNECT and for plain requests, both of which end at `target`; what it was asked.
function peer.http_proxy(answer)
  local seen = {}
  local url, server = peer.serve(function(c)
    local first, fields = peer.read_head(c)
    seen[#seen + 1] = { first = first, fields = fields }
    if answer then return c:finish(answer) end
    local host = first:match "^CONNECT (%S+) " or first:match "^%u+ http://([^/]+)"
    local onward <close> = check.ok(connect(host))
    if first:find "^CONNECT" then
      c:write "HTTP/1.0 200 Connected\r\nProxy-agent: x\r\n\r\n"
    else
      onward:write(first:gsub("http://[^/]+", "", 1), "\r\nHost: ", host, "\r\n\r\n")
    end
    local back = spawn(function() onward:pipe(c) end)
    c:pipe(onward)
    back:join()
  end)
  return url, seen, server
end

return peer
