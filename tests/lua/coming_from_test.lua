--- docs/coming-from.md: every block of Lua in it, run as it is printed.
local check = require "check"
local example = require "example"

local PAGE <const> = "docs/coming-from.md"

--- The blocks of Lua: { title of the section, line, text }.
local function blocks()
  local found, title, block, number = {}, nil, nil, 0
  for line in io.lines(PAGE) do
    number = number + 1
    if block and line == "```" then
      found[#found + 1] = block
      block = nil
    elseif block then
      block.text = block.text .. line .. "\n"
    elseif line == "```lua" then
      block = { title = title, line = number, text = "" }
    else
      title = line:match "^## (.*)" or title
    end
  end
  return found
end

local seen = {}
for _, block in ipairs(blocks()) do
  seen[block.title] = (seen[block.title] or 0) + 1
  check.case_here(("%s, line %d"):format(block.title, block.line), function()
    check.match(block.text, "%-%-> ", "a block without a promise cannot fail")
    example(("%s:%d"):format(PAGE, block.line), block.text)
  end)
end

check.case("each section has a block at least", function()
  for _, title in ipairs { "rel and pyevent", "pyed", "My Event Loop and redis' ae", "gevent and dez",
    "asyncio and Twisted", "node", "luvit and luv", "socat" } do
    check.ok(seen[title], title)
  end
end)

check.done()
