--- Frames of kind xml: elements one behind the other, as read and data hooks get them.
local check = require "check"
local pair = require "pair"

local PATIENCE <const> = 10  -- seconds, for what must come

local function element(name, children, attributes)
  return { name = name, attributes = attributes or {}, children = children or {} }
end

check.case("read gives one element at a time, however they are cut", function()
  local near, far <close> = pair { frame = "xml" }
  check.equal(near:get "frame", "xml")
  local text = "<?xml version='1.0'?>\n<a id='1'>one<b/></a><c/> <!-- d --> <e>&lt;&#33;</e>"
  spawn(function()
    for i = 1, #text do
      far:write(text:sub(i, i))
      far:flush()
    end
    far:finish()
  end)
  local function next_one() return near:read(nil, { timeout = PATIENCE }) end
  check.same(next_one(), element("a", { "one", element "b" }, { id = "1" }))
  check.same(next_one(), element "c")
  check.same(next_one(), element("e", { "<!" }))
  check.equal(next_one(), nil)
end)

check.case("a data hook gets elements, and may change the frame in their midst", function()
  local near, far <close> = pair()
  local got = {}
  near:frame "xml"
  near:on { data = function(c, value)
    got[#got + 1] = type(value) == "table" and value.name or value
    if value.name == "text" then c:frame "line" end
    if value == "json" then c:frame "json" end
    if value[1] then c:frame "xml" end
  end }
  far:write '<a/><b><c/></b><text/>json\n[1]<d/>'
  check.eventually(function() return got[6] end, PATIENCE)
  check.equal(got[5][1], 1)
  got[5] = nil
  check.same({ got[1], got[2], got[3], got[4], got[6] }, { "a", "b", "text", "json", "d" })
end)

check.case("what is no XML is a failure of the read, and gone then; a hook's connection ends", function()
  local near, far <close> = pair { frame = "xml" }
  far:write "junk <a></b><!DOCTYPE x><c/>"
  check.match(check.fails("EPROTO", near:read()), "^read 127.0.0.1:%d+: byte 1: an element expected")
  check.fails("byte 7: the end of another element than was begun last", near:read())
  check.fails("byte 1: document types are not taken", near:read())
  check.same(near:read(), element "c")
  far:write "<half>"
  far:finish()
  check.fails("EOF", near:read())
  local other, peer <close> = pair { frame = "xml" }
  other:on { data = check.expect(nil, 0), close = check.expect(function(_, reason)
    check.equal(reason, "error")
  end) }
  peer:write "<a></b>"
end)

check.case("an element longer than max_line is refused", function()
  local near, far <close> = pair { frame = "xml", max_line = 100 }
  far:write("<a>", ("x"):rep(200), "</a>")
  check.fails("EMSGSIZE", near:read())
end)

check.done()
