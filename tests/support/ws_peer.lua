--- Both ends of a WebSocket, and peers made of bytes, for tests.
local check = require "check"

local peer = {}

local KEY <const> = "dGhlIHNhbXBsZSBub25jZQ=="

--- A listener, and a connection to it; `run` is the handler, or the server's end waits.
function peer.pair(server_options, client_options)
  local srv = listen("ws://127.0.0.1:0/", server_options)
  local far
  local accepting = spawn(function() far = srv:accept { timeout = 5 } end)
  local near = assert(connect(srv.address, client_options))
  accepting:join()
  srv:close()
  return near, far
end

function peer.frame(first, payload, masked)
  local size = #payload
  local second = masked and 0x80 or 0
  local head = size < 126 and string.char(first, second | size)
    or string.pack(">BBI2", first, second | 126, size)
  if not masked then return head .. payload end
  local key = "\x11\x22\x33\x44"
  local bytes = { payload:byte(1, -1) }
  for i, b in ipairs(bytes) do bytes[i] = string.char(b ~ key:byte((i - 1) % 4 + 1)) end
  return head .. key .. table.concat(bytes)
end

peer.REQUEST = "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
  .. "Connection: Upgrade\r\nSec-WebSocket-Key: " .. KEY .. "\r\nSec-WebSocket-Version: 13\r\n%s\r\n"

--- A client of bytes that has been let in by the WebSocket listener `srv`.
function peer.raw_client(srv, path)
  local c = assert(connect((srv.address:gsub("^ws://", ""):gsub("/.*", ""))))
  c:write(peer.REQUEST:format(path or "/", ""))
  check.match(c:read_until "\r\n\r\n", "^HTTP/1.1 101 ")
  return c
end

--- A server of bytes: lets a WebSocket in, then runs `serve(c)`.
function peer.raw_server(serve, more)
  return listen("127.0.0.1:0", function(c)
    local key = c:read_until("\r\n\r\n"):match "Sec%-WebSocket%-Key: (%S+)"
    -- The key is answered by a listener of ours.
    local helper = listen("ws://127.0.0.1:0", function() end)
    local h <close> = connect((helper.address:gsub("^ws://", "")))
    h:write((peer.REQUEST:format("/", ""):gsub(KEY:gsub("%p", "%%%0"), key)))
    local accept = h:read_until("\r\n\r\n"):match "Sec%-WebSocket%-Accept: (%S+)"
    helper:close()
    c:write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
      "Sec-WebSocket-Accept: ", accept, "\r\n", more or "", "\r\n")
    serve(c)
  end)
end

function peer.close_bytes(code, reason) return string.pack(">I2", code) .. (reason or "") end

return peer
