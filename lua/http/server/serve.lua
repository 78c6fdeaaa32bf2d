--- What runs for each connection of a listener on http:// or https://: takes one request after
-- the other and calls the listener's handler, as handler(req, res). The handler answers by what
-- it returns (a string; a table, as JSON; a status and a body; nothing), or drives `res`. If it
-- fails, the task fails, and with it the connection.
local native = require "native.http"
local Request = require "http.server.request"
local Response = require "http.server.response"

local next_head, handler_of, respond = native.next, native.handler, native.respond

return function(conn)
  local handler
  for head in next_head, conn do  -- none when the last answer was the connection's last
    handler = handler_of(conn) or handler
    local res = setmetatable({ conn = conn }, Response)
    local req = setmetatable({ connection = conn, head = head, response = res }, Request)
    local first, second, third = handler(req, res)
    if type(first) == "string" then
      respond(conn, rawget(res, "status") or 200, rawget(res, "headers"), first)
    else
      res:settle(first, second, third)
    end
    res.conn = nil  -- whoever kept it has no part in the next
  end
end
