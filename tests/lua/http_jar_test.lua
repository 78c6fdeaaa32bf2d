--- http.jar by the rules of RFC 6265; http.query, http.url and their like.
local check = require "check"
local http = require "http"

--- What a jar that was told `values` at `from` sends to `to`.
local function sent(from, values, to)
  local jar = http.jar()
  jar:keep(from, values)
  return jar:header(to or from)
end

check.case("whom a cookie is for", function()
  local cases = {
    -- set at, Set-Cookie, asked at, sent
    { "http://a.b.example/", "x=1", "http://a.b.example/", "x=1" },
    { "http://a.b.example/", "x=1", "http://b.example/", nil },
    { "http://a.b.example/", "x=1", "http://c.a.b.example/", nil },
    { "http://a.b.example/", "x=1; Domain=b.example", "http://b.example/", "x=1" },
    { "http://a.b.example/", "x=1; Domain=.B.Example", "http://c.b.example/", "x=1" },
    { "http://a.b.example/", "x=1; Domain=b.example", "http://nob.example/", nil },
    { "http://a.b.example/", "x=1; Domain=c.example", "http://a.b.example/", nil },
    { "http://a.b.example/", "x=1; Domain=c.a.b.example", "http://a.b.example/", nil },
    { "http://a.b.example/", "x=1; Domain=example", "http://a.b.example/", nil },
    { "http://a.co.uk/", "x=1; Domain=co.uk", "http://b.co.uk/", nil },
    { "http://a.co.uk./", "x=1; Domain=co.uk.", "http://b.co.uk./", nil },
    { "http://a.b.co.uk/", "x=1; Domain=b.co.uk", "http://c.b.co.uk/", "x=1" },
    { "http://co.uk/", "x=1; Domain=co.uk", "http://co.uk/", "x=1" },
    { "http://co.uk/", "x=1; Domain=co.uk", "http://a.co.uk/", nil },
    { "http://a.www.ck/", "x=1; Domain=www.ck", "http://b.www.ck/", "x=1" },
    { "http://a.x.ck/", "x=1; Domain=x.ck", "http://b.x.ck/", nil },
    { "http://a.xn--55qx5d.cn/", "x=1; Domain=xn--55qx5d.cn", "http://a.xn--55qx5d.cn/", nil },
    { "http://localhost/", "x=1; Domain=localhost", "http://localhost/", "x=1" },
    { "http://127.0.0.1/", "x=1; Domain=127.0.0.1", "http://127.0.0.1:81/", "x=1" },
    { "http://127.0.0.1/", "x=1; Domain=0.0.1", "http://127.0.0.1/", nil },
    { "http://h.example/", "x=1; Secure", "https://h.example/", nil },
    { "https://h.example/", "x=1; secure", "https://h.example/", "x=1" },
    { "https://h.example/", "x=1; Secure", "http://h.example/", nil },
    { "https://h.example/", "__Secure-x=1", "https://h.example/", nil },
    { "https://h.example/", "__Secure-x=1; Secure", "https://h.example/", "__Secure-x=1" },
    { "https://h.example/", "__Host-x=1; Secure; Path=/", "https://h.example/", "__Host-x=1" },
    { "https://h.example/", "__Host-x=1; Secure; Path=/; Domain=h.example", "https://h.example/", nil },
    { "https://h.example/", "__Host-x=1; Secure; Path=/a", "https://h.example/a", nil },
  }
  for _, case in ipairs(cases) do check.equal(sent(case[1], case[2], case[3]), case[4], case[2] .. " at " .. case[3]) end
end)

check.case("which paths a cookie is for", function()
  local cases = {
    { "/a/b", "x=1", "/a/c", "x=1" },
    { "/a/b", "x=1", "/a", "x=1" },
    { "/a/b", "x=1", "/ab", nil },
    { "/a/b", "x=1", "/", nil },
    { "/a", "x=1", "/z", "x=1" },
    { "/a/b", "x=1; Path=/", "/z", "x=1" },
    { "/a/b", "x=1; Path=z", "/a/z", "x=1" },
    { "/", "x=1; Path=/a", "/a/", "x=1" },
    { "/", "x=1; Path=/a/", "/a", nil },
    { "/", "x=1; Path=/a/", "/a/b", "x=1" },
    { "/", "x=1; Path=/a; Path=/b", "/b", "x=1" },
  }
  for _, case in ipairs(cases) do
    check.equal(sent("http://h.example" .. case[1], case[2], "http://h.example" .. case[3]), case[4],
      case[2] .. " for " .. case[3])
  end
end)

check.case("names and values; what is none is not kept", function()
  local cases = {
    ["x=1"] = "x=1", [" x = 1 ; HttpOnly"] = "x=1", ["x="] = "x=", ["x=a=b"] = "x=a=b", ['x="q"'] = 'x="q"',
    ["x"] = false, ["=1"] = false, [""] = false, ["x=a\1b"] = false, ["x=" .. ("y"):rep(4096)] = false,
  }
  for text, want in pairs(cases) do check.equal(sent("http://h.example/", text), want or nil, text) end
end)

check.case("how long a cookie is kept", function()
  local soon = os.date("!%a, %d %b %Y %H:%M:%S GMT", os.time() + 3600)
  local cases = {
    ["x=1; Max-Age=100"] = "x=1", ["x=1; Max-Age=0"] = false, ["x=1; Max-Age=-5"] = false,
    ["x=1; Max-Age=ever"] = "x=1", ["x=1; Expires=" .. soon] = "x=1",
    ["x=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"] = false,
    ["x=1; Expires=Sunday, 06-Nov-94 08:49:37 GMT"] = false,
    ["x=1; Expires=Sun Nov  6 08:49:37 1994"] = false,
    ["x=1; Expires=Sun, 06 Nov 2095 08:49:37 GMT"] = "x=1",
    ["x=1; Expires=nonsense"] = "x=1", ["x=1; Expires=Sun, 06 Nov 2095 28:49:37 GMT"] = "x=1",
    ["x=1; Max-Age=100; Expires=Thu, 01 Jan 1970 00:00:00 GMT"] = "x=1",
  }
  for text, want in pairs(cases) do check.equal(sent("http://h.example/", text), want or nil, text) end
  local jar = http.jar()
  jar:keep("http://h.example/", "x=1; Expires=Sun, 06 Nov 2095 08:49:37 GMT")
  check.equal(jar:list()[1].expires, 3971407777)
  jar:keep("http://h.example/", "x=1; Max-Age=0")
  check.same(jar:list(), {}, "a server takes it back")
end)

check.case("order, replacing, limits; what a jar holds makes another", function()
  local jar = http.jar()
  jar:keep("http://h.example/a/b", { "first=1; Path=/", "second=2; Path=/", "deep=3" })
  jar:keep("http://h.example/a/b", "first=new; Path=/")
  check.equal(jar:header "http://h.example/a/b", "deep=3; first=new; second=2")
  local copy = http.jar(jar:list())
  check.equal(copy:header "http://h.example/a/b", "deep=3; first=new; second=2")
  check.same(copy:list(), jar:list())
  jar:clear()
  check.equal(jar:header "http://h.example/a/b", nil)
  check.equal(#copy:list(), 3)
  for i = 1, 200 do copy:keep("http://h.example/", ("n%d=x"):format(i)) end
  check.equal(#copy:list(), 50)
  check.match(copy:header "http://h.example/", "^n151=x; .*n200=x$")
  check.equal(tostring(http.jar()), "http jar: 0 cookies")
  check.raises(function() http.jar { { name = "x" } } end, "_test.lua:%d+: http.jar: element 1 is no cookie")
  check.raises(function() http.jar { { name = "x", value = "1\r\nY: z", domain = "h", path = "/" } } end,
    "_test.lua:%d+: http.jar: element 1 has a control character in it")
  check.raises(function() jar:keep("nowhere", "x=1") end, "_test.lua:%d+: keep: url \"nowhere\": no scheme")
end)

check.case("queries, escaping, URLs", function()
  check.equal(http.query {}, "")
  check.equal(http.query { a = "", ["b c"] = 1.5, d = { "x", "&=" } }, "a=&b%20c=1.5&d=x&d=%26%3D")
  local fields = http.query "a=&b+c=1&d=x&d=%26%3D&&e=%zz"
  check.same({ fields[1], fields[2], fields[3], fields[4], fields[5], #fields },
    { { "a", "" }, { "b c", "1" }, { "d", "x" }, { "d", "&=" }, { "e", "%zz" }, 5 })
  local named = {}
  for name, value in pairs(fields) do named[name] = value end
  check.same(named, { a = "", ["b c"] = "1", d = "&=", e = "%zz" }, "pairs sees the names")
  check.equal(http.query(http.query "b=2&a=1&b=%26"), "b=2&a=1&b=%26")
  check.raises(function() http.query { [5] = 1 } end, "_test.lua:%d+: http.query: names are strings")
  check.raises(function() http.query(5) end, "_test.lua:%d+: http.query: a table or a string expected")
  check.equal(http.unescape(http.escape "\0\xff%+"), "\0\xff%+")
  check.fails("EINVAL", http.unescape "%")
  check.raises(function() return (http.escape(nil)) end, "_test.lua:%d+: http.escape: a string for the text expected, got nil")
  local parts = check.ok(http.url "https://u:p%40w@[::1]:444/a?b#c")
  check.same(parts, { url = "https://u:p%40w@[::1]:444/a?b#c", scheme = "https", user = "u", password = "p@w",
    host = "::1", port = 444, authority = "[::1]:444", origin = "https://[::1]:444", path = "/a",
    query = "b", fragment = "c", target = "/a?b" })
  check.equal(check.ok(http.url("//o/", "https://h/")).url, "https://o/")
  check.fails("EINVAL", http.url("x", "no base"))
end)

check.done()
