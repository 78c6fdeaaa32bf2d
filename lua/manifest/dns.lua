--- The manifest: the module dns.
return {
  name = "dns",
  module = "dns",
  title = "The module dns",
  records = {
    { name = "dns_mx", fields = { { name = "preference", type = "integer" },
      { name = "host", type = "string" } } },
    { name = "dns_srv", fields = { { name = "priority", type = "integer" },
      { name = "weight", type = "integer" }, { name = "port", type = "integer" },
      { name = "target", type = "string" } } },
    { name = "dns_soa", fields = { { name = "mname", type = "string" },
      { name = "rname", type = "string" }, { name = "serial", type = "integer" },
      { name = "refresh", type = "integer" }, { name = "retry", type = "integer" },
      { name = "expire", type = "integer" }, { name = "minimum", type = "integer" } } },
  },
  entries = {
    {
      name = "dns.resolve",
      signature = "dns.resolve(name [, type [, options]] [, fn])",
      summary = "Asks for the records of a name.",
      args = {
        { name = "name", type = "string", host = true, text = "the name; or, for PTR, an address" },
        { name = "type", type = "string?", text = '"A", "AAAA", "CNAME", "MX", "NS", "PTR", '
          .. '"SOA", "SRV" or "TXT"; nothing: both kinds of addresses, IPv6 first' },
        { name = "options", type = "resolve_options?" },
        { name = "fn", type = "fun(records: table?, message: string?, code: string?)?",
          text = "called with the results in a task of its own; nothing is returned then" },
      },
      options = "resolve",
      results = "a list of at least one record; or nil, message, code",
      returns = { "(string|dns_mx|dns_srv|dns_soa)[]? records", "string? message",
        "string? code" },
      errors = { { "EDNS", "no such name; no such record; the server failed, refuses to tell, or "
        .. "sent nonsense; nobody answered within `timeout`" } },
      waits = "without a function",
      text = [[
A record is a string, but for three types:

    MX   { preference =, host = }, the least preference first
    SRV  { priority =, weight =, port =, target = }, the least priority first
    SOA  { mname =, rname =, serial =, refresh =, retry =, expire =, minimum = }

The pieces of a TXT record are joined. Names come without a dot at the end. Addresses of numbers, of
"localhost" and of what the hosts file has need no server, nor do the names that it has for an address
(PTR); nothing is cached. Names are ASCII: write the "xn--" form of one with other letters, which is
refused as it is.]],
      example = [[
local dns = require "dns"
for _, address in ipairs(assert(dns.resolve "localhost")) do print(address) end
--> ::1
--> 127.0.0.1]],
    },
    {
      name = "dns.reverse",
      signature = "dns.reverse(address [, options] [, fn])",
      summary = "Asks for the names of an IP address.",
      args = {
        { name = "address", type = "string" },
        { name = "options", type = "resolve_options?" },
        { name = "fn", type = "fun(names: string[]?, message: string?, code: string?)?",
          text = "as for dns.resolve" },
      },
      options = "resolve",
      results = "a list of at least one name; or nil, message, code",
      returns = { "string[]? names", "string? message", "string? code" },
      errors = { { "EDNS", "the address has no name; else as for dns.resolve" } },
      waits = "without a function",
      text = "The hosts file comes first, then the name servers.",
      example = [[
local dns = require "dns"
print(dns.reverse("127.0.0.1")[1])  --> localhost]],
    },
    {
      name = "dns.server",
      kind = "field",
      type = "string|string[]|nil",
      signature = "dns.server",
      summary = "Names the server to ask, or a list of them; nil: the system's.",
      waits = false,
      text = [[
Each is an address with or without a port: "127.0.0.1:5353", "::1", "[::1]:5353". Assigning holds for
everything that this Lua state asks from then on, connect included; a malformed address raises.]],
      example = [[
local dns = require "dns"
dns.server = "127.0.0.1:5353"
print(dns.server)                   --> 127.0.0.1:5353
dns.server = nil
print(dns.server)                   --> nil]],
    },
  },
}
