--- A listener of HTTP in front of others: whom a request is passed on to is its Host's matter.
local listen = listen  -- whatever a program calls so
local proxy = require "http.server.proxy"

local reverse = {}

--- "Example.org.:8080" -> "example.org", as hosts are compared.
local function name_of(host)
  local name = host:match "^(%[.*%])" or host:match "^[^:]*"
  return (name:lower():gsub("%.$", ""))
end

--- http.reverse_proxy. `hosts`: for each host the targets of app:proxy; ["*"] for any other. `options`: those of
-- listen.
function reverse.listen(address, hosts, options)
  if type(hosts) ~= "table" or next(hosts) == nil then
    error("http.reverse_proxy: a table of host = targets expected", 3)
  end
  local servers = {}
  for host, targets in pairs(hosts) do
    if type(host) ~= "string" then
      error("http.reverse_proxy: a host's name expected, got a " .. type(host), 3)
    end
    servers[name_of(host)] = proxy.new(targets, true, ("http.reverse_proxy: host %s"):format(host), 3)
  end
  local text = tostring(address)
  local ok, srv, message, code = pcall(listen, text:find "://" and text or "http://" .. text,
    options or {}, function(req, res)
      local server = servers[name_of(req.host or "")] or servers["*"]
      if not server then return 421, "no such host here\n" end
      return server(req, res, req.path)
    end)
  if not ok then error("http.reverse_proxy: " .. srv, 3) end
  return srv, message, code
end

return reverse
