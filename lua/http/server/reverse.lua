--- A listener of HTTP in front of others: whom a request is passed on to is its Host's matter.
local listen = listen  -- whatever a program calls so
local blame = require "blame"
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
  blame.check_address("http.reverse_proxy", address)
  if type(hosts) ~= "table" or next(hosts) == nil then
    blame.expected("http.reverse_proxy", "a table of host = targets", hosts)
  end
  local servers = {}
  for host, targets in pairs(hosts) do
    if type(host) ~= "string" then blame.expected("http.reverse_proxy", "a host's name", host) end
    servers[name_of(host)] = proxy.new(targets, true, ("http.reverse_proxy: host %s"):format(host))
  end
  local text = tostring(address)
  return blame.calling("http.reverse_proxy", listen, text:find "://" and text or "http://" .. text,
    options or {}, function(req, res)
      local server = servers[name_of(req.host or "")] or servers["*"]
      if not server then return 421, "no such host here\n" end
      return server(req, res, req.path)
    end)
end

return reverse
