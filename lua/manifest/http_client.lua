--- The manifest: the client's part of the module http.
local failures = {
  { "EINVAL", "where a redirection leads to is no URL, or no http; the environment's proxy is none" },
  { "EPROTO", "what came is no answer of HTTP, or not the coding that it says" },
  { "EOF", "the connection ended before the answer did" },
  { "EMSGSIZE", "more than `max` bytes, or more than `max_ratio` allows" },
  { "ETIMEDOUT", "a time-out: the message says which one" },
  { "ELOOP", "more than `redirects` redirections" },
  { "EACCES", "a proxy refuses" },
}

local returns = { "http_response? response", "string? message", "string? code" }
local results = "the response, whatever its status; or nil, message, code, connect's among them"

local function short(name, method, body)
  local args = { { name = "url", type = "string", host = true, text = "`http://` or `https://`; a "
    .. "user in it is authenticated" } }
  if body then
    args[2] = { name = "body", type = "string|function|nil", text = "as the option" }
  end
  args[#args + 1] = { name = "options", type = "request_options?", text = "those of http.request" }
  return { name = "http." .. name,
    signature = ("http.%s(url%s [, options%s])"):format(name, body and " [, body" or "", body and "]" or ""),
    summary = ("Sends a %s request and reads the answer."):format(method), args = args,
    options_like = "request",
    results = results, returns = returns, waits = true }
end

local function with(entry, more)
  for key, value in pairs(more) do entry[key] = value end
  return entry
end

return {
  records = {
    { name = "http_url", fields = { { name = "url", type = "string" },
      { name = "scheme", type = "string" }, { name = "user", type = "string?" },
      { name = "password", type = "string?" }, { name = "host", type = "string" },
      { name = "port", type = "integer?" }, { name = "authority", type = "string" },
      { name = "origin", type = "string" }, { name = "path", type = "string" },
      { name = "query", type = "string?" }, { name = "fragment", type = "string?" },
      { name = "target", type = "string" } } },
    { name = "http_headers", fields = { { name = "[string]", type = "string" },
      { name = "all", type = "fun(self: http_headers, name: string): string[]" } } },
    { name = "http_response", fields = { { name = "status", type = "integer" },
      { name = "reason", type = "string" }, { name = "version", type = "string" },
      { name = "headers", type = "http_headers" }, { name = "url", type = "string" },
      { name = "body", type = "string|fun(self: http_response): fun(): string?" },
      { name = "failure", type = "{message: string, code: string}?" },
      { name = "connection", type = "connection?" },
      { name = "json", type = "fun(self: http_response): any, string?, string?" },
      { name = "read", type = "fun(self: http_response): string?, string?, string?" },
      { name = "close", type = "fun(self: http_response)" } } },
    { name = "http_jar", fields = {
      { name = "header", type = "fun(self: http_jar, url: string): string?" },
      { name = "keep", type = "fun(self: http_jar, url: string, values: string|string[])" },
      { name = "list", type = "fun(self: http_jar): table[]" },
      { name = "clear", type = "fun(self: http_jar)" } } },
  },
  entries = {
    with(short("get", "GET"), {
      errors = failures,
      text = [[
The response has

    status   200; its reason "OK", its version "1.1" or "1.0"
    headers  headers["content-type"], in letters of either size; several of a
             name are joined with ", ", and headers:all(name) is a list of
             them; pairs(headers) gives all in their order
    body     the body, decoded
    url      where it came from, after redirections
    connection   after the option `upgrade` and a status of 101
    json()   its value, or nil, message, "EPROTO": see json.decode

With `stream` the body is read later: `for piece in response:body() do ... end`, after which
response.failure tells what went wrong, if something did; or response:read(), which returns a
piece, nil at the end, or nil, message, code. response:close() ends it before.

Connections are kept for a minute and used again; one that its server had closed meanwhile is
replaced, where sending the request twice cannot do harm. Redirections change POST to GET as
browsers do, and lose credentials when they leave the origin. https is verified, see TLS; the
option `tls` is that of connect. Proxies are found in the environment: http_proxy (in small letters
only), https_proxy, all_proxy; no_proxy is a list of hosts, which stand for the domains below as
well, of addresses and networks ("10.0.0.0/8", "fe80::/10"), each with a port or without, or "*".
Names are looked up by SOCKS proxies.]],
      example = [[
local http = require "http"
srv = listen(0, function(c)
  c:read_until "\r\n\r\n"
  c:finish("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello")
end)
local response = http.get("http://" .. srv.address)
print(response.status, response.headers["content-type"], response.body)
--> 200    text/plain    hello]],
    }),
    with(short("head", "HEAD"), { example = [[
local http = require "http"
srv = listen(0, function(c)
  c:read_until "\r\n\r\n"
  c:finish("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
end)
print(http.head("http://" .. srv.address).headers["content-length"])   --> 1000]] }),
    with(short("delete", "DELETE"), { example = [[
local http = require "http"
srv = listen(0, function(c)
  print(c:read "l")
  c:read_until "\r\n\r\n"
  c:finish("HTTP/1.1 204 Gone\r\n\r\n")
end)
print(http.delete("http://" .. srv.address .. "/old").status)
--> DELETE /old HTTP/1.1
--> 204]] }),
    with(short("post", "POST", true), {
      text = "A table as a body is what the options `json` and `form` are for.",
      example = [[
local http = require "http"
srv = listen(0, function(c)
  local head = c:read_until "\r\n\r\n"
  local body = c:read(tonumber(head:match "Content%-Length: (%d+)"))
  c:finish("HTTP/1.1 200 OK\r\n\r\n" .. body:upper())
end)
print(http.post("http://" .. srv.address, "quiet").body)              --> QUIET
print(http.post("http://" .. srv.address, nil, { json = { a = 1 } }).body)  --> {"A":1}]],
    }),
    with(short("put", "PUT", true), { example = [[
local http = require "http"
srv = listen(0, function(c)
  c:read_until "\r\n\r\n"
  c:finish("HTTP/1.1 201 Created\r\n\r\n")
end)
print(http.put("http://" .. srv.address .. "/new", "text").reason)    --> Created]] }),
    with(short("patch", "PATCH", true), { example = [[
local http = require "http"
srv = listen(0, function(c)
  c:read_until "\r\n\r\n"
  c:finish("HTTP/1.1 200 OK\r\n\r\n")
end)
print(http.patch("http://" .. srv.address, "change").status)          --> 200]] }),
    {
      name = "http.request",
      signature = "http.request(options)",
      summary = "Sends a request and reads the answer.",
      args = { { name = "options", type = "request_options" } },
      options = "request",
      results = results,
      returns = returns,
      errors = failures,
      waits = true,
      text = "The response is that of http.get.",
      example = [[
local http = require "http"
srv = listen(0, function(c)
  print(c:read "l")
  c:read_until "\r\n\r\n"
  c:finish("HTTP/1.1 200 OK\r\n\r\npiece by piece")
end)
local response = http.request { url = "http://" .. srv.address, query = { q = "a b" }, stream = true }
for piece in response:body() do print(piece) end
--> GET /?q=a%20b HTTP/1.1
--> piece by piece]],
    },
    {
      name = "http.close_idle",
      signature = "http.close_idle()",
      summary = "Closes the connections that are kept for later requests.",
      results = "how many there were",
      returns = { "integer count" },
      waits = false,
      example = [[
local http = require "http"
srv = listen(0, function(c)
  c:read_until "\r\n\r\n"
  c:write("HTTP/1.1 204 No Content\r\n\r\n")
  c:read()
end)
http.get("http://" .. srv.address)
print(http.close_idle())            --> 1]],
    },
    {
      name = "http.jar",
      signature = "http.jar([cookies])",
      summary = "Makes a jar for cookies, for the option `cookies`.",
      args = { { name = "cookies", type = "table[]?", text = "what another jar's list() has given" } },
      results = "the jar",
      returns = { "http_jar jar" },
      waits = false,
      text = [[
Its rules are those of RFC 6265: domains, paths, expiry, secure ones for https only. A server of
a.co.uk sets none for all of co.uk: libpsl knows what is everybody's, as it does for curl. Without that
library only names without a dot are refused so.

    jar:header(url)        the value of Cookie for a request there, nil for none
    jar:keep(url, values)  takes in what Set-Cookie said there: one, or a list
    jar:list()             all: tables with name, value, domain, host_only,
                           path, secure, http_only, expires (since 1970)
    jar:clear()            drops all]],
      example = [[
local http = require "http"
local jar = http.jar()
jar:keep("http://a.example/docs/x", "id=7; Domain=example")
jar:keep("http://a.example/docs/x", { "id=8", "lang=en; Path=/" })
print(jar:header "http://a.example/docs/y")   --> id=8; lang=en
print(jar:header "http://a.example/")         --> lang=en]],
    },
    {
      name = "http.url",
      signature = "http.url(text [, base])",
      summary = "Takes a URL apart.",
      args = {
        { name = "text", type = "string", text = "a URL with a host; with `base` a reference too" },
        { name = "base", type = "string?", text = "where the reference stands" },
      },
      results = "a table: url, scheme, user, password, host, port, authority, origin, path, query, "
        .. "fragment, target; or nil, message, code",
      returns = { "http_url? parts", "string? message", "string? code" },
      errors = { { "EINVAL", "it is no URL; the message says why" } },
      waits = false,
      text = "It is RFC 3986, strictly. What can be mended without a doubt is: letters that are not "
        .. "ASCII are encoded. user and password are decoded, everything else stays as it was written; "
        .. "url is the canonical form, target what a server is asked for.",
      example = [[
local http = require "http"
local parts = http.url "HTTP://Example.org:80/a/../b?c#d"
print(parts.url, parts.port, parts.target)    --> http://example.org/b?c#d    80    /b?c
print(http.url("../x", "http://h/a/b/c").url) --> http://h/a/x
print(http.url "http://h/a b")
--> nil    url "http://h/a b": a blank in it; write %20    EINVAL]],
    },
    {
      name = "http.escape",
      signature = "http.escape(text)",
      summary = "Writes all but letters, digits and \"-._~\" as %XX, so that it is one part of a URL.",
      args = { { name = "text", type = "string" } },
      results = "the text",
      returns = { "string text" },
      waits = false,
      example = [[
local http = require "http"
print(http.escape "a/b & c")        --> a%2Fb%20%26%20c]],
    },
    {
      name = "http.unescape",
      signature = "http.unescape(text)",
      summary = "Undoes http.escape.",
      args = { { name = "text", type = "string" } },
      results = "the text; or nil, message, code",
      returns = { "string? text", "string? message", "string? code" },
      errors = { { "EINVAL", "a \"%\" without two hexadecimal digits behind it" } },
      waits = false,
      example = [[
local http = require "http"
print(http.unescape "a%2Fb%20c")    --> a/b c]],
    },
    {
      name = "http.query",
      signature = "http.query(fields)",
      summary = "Writes a table as a query or form, or reads one.",
      args = { { name = "fields", type = "table|string", text = "{name = value}, a list for several "
        .. "values of a name; or {{name, value}, ...}, in this order" } },
      results = "the text, sorted by name; of a text the table",
      returns = { "string|table query" },
      waits = false,
      text = "What is read has all fields in their order by number too, as {name, value}; pairs sees the "
        .. "names. Of one that comes several times the last value counts, and a wrong %XX stays as it is.",
      example = [[
local http = require "http"
print(http.query { q = "a b", n = { 1, 2 } })           --> n=1&n=2&q=a%20b
print(http.query("n=1&q=a+b").q)                        --> a b]],
    },
  },
}
