--- What runs for each connection of a listener on http:// or https://: takes one request after
-- the other and calls the listener's handler, as handler(req, res). The handler answers by what
-- it returns (a string; a table, as JSON; a status and a body; nothing), or drives `res`. If it
-- fails, the task fails, and with it the connection.
local native = require "native.http"
local Request = require "http.server.request"
local Response = require "http.server.response"

local setmetatable, type = setmetatable, type
local next_head, handler_of, respond = native.next, native.handler, Response.respond

return function(conn)
  local handler
  for head in next_head, conn do  -- none when the last answer was the connection's last
    handler = handler_of(conn) or handler
    local res = setmetatable({ conn = conn }, Response)
    local req = setmetatable({ connection = conn, head = head, response = res }, Request)
    local first, second, third = handler(req, res)
    local _, lost
    if type(first) == "string" then
      _, lost = respond(conn, res, first)
    else
      _, lost = res:settle(first, second, third)
    end
    res.conn = nil  -- whoever kept it has no part in the next
    if lost then return conn:close() end
  end
end
