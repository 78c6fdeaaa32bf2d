-- The manual as Markdown, in the manner of Lua's own: for each function its signature,
-- one sentence, then arguments, results, codes, options and an example.
local manifest = require "manifest"

local out

local function add(...)
  for _, piece in ipairs { ... } do out[#out + 1] = piece end
end

--- "connection:read" -> "connection-read"
local function anchor(name) return (name:gsub("[.:]", "-")) end

--- `text` with what Markdown would take for a tag made code.
local function prose(text)
  return (text:gsub("(`[^`]*`)", function(code) return (code:gsub("<", "\0")) end)
    :gsub("<%a+>", "`%0`"):gsub("\0", "<"))
end

--- Paragraphs as they are: those indented by four are code in Markdown too.
local function paragraphs(text)
  add(prose(text), "\n\n")
end

local function table_of(heads, rows)
  if #rows == 0 then return end
  local function line(cells) add("| ", table.concat(cells, " | "), " |\n") end
  line(heads)
  add(("|---"):rep(#heads), "|\n")
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do row[i] = cell:gsub("|", "\\|") end
    line(row)
  end
  add("\n")
end

local function facts(entry) return table.concat(manifest.facts(entry), ", ") end

local function argument_row(arg)
  local text = arg.text or ""
  if arg.type:find("_options%??$") and not arg.text then text = "a table, see below" end
  local said = manifest.facts(arg)
  if arg.type:find("_options") or arg.type:find("^fun%(") then said[1] = nil end
  local kind = {}
  for i = 1, 3 do if said[i] then kind[#kind + 1] = said[i] end end
  return { "`" .. arg.name .. "`", table.concat(kind, ", "), prose(text) }
end

local function option_rows(names, table_name)
  local sorted, rows = table.move(names, 1, #names, 1, {}), {}
  table.sort(sorted)
  for i, name in ipairs(sorted) do
    local option = manifest.option(table_name, name)
    rows[i] = { "`" .. name .. "`", facts(option), prose(option.summary) }
  end
  return rows
end

local anchors  -- how often each was used

local function function_entry(entry)
  local name = anchor(entry.signature:match("^[%w_.:]+"))
  anchors[name] = (anchors[name] or 0) + 1
  if anchors[name] > 1 then name = name .. "-" .. anchors[name] end
  add('<a id="', name, '"></a>\n')
  add("### `", entry.signature, "` *(", manifest.waits_text(entry), ")*\n\n")
  add(prose(entry.summary), "\n\n")
  local rows = {}
  for i, arg in ipairs(entry.args or {}) do rows[i] = argument_row(arg) end
  table_of({ "argument", "type", "" }, rows)
  if entry.results then add("Returns ", prose(entry.results), ".\n\n") end
  rows = {}
  for i, failure in ipairs(entry.errors or {}) do
    rows[i] = { "`" .. failure[1] .. "`", prose(failure[2]) }
  end
  table_of({ "code", "when" }, rows)
  if entry.text then paragraphs(entry.text) end
  if entry.options then
    table_of({ "option", "type, unit, default", "" },
      option_rows(manifest.tables[entry.options], entry.options))
  end
  if entry.example then add("```lua\n", entry.example, "\n```\n\n") end
end

local function contents()
  local function names(entries, full)
    local links, seen = {}, {}
    for _, entry in ipairs(entries) do
      local name = full .. entry.name
      if not seen[name] then
        links[#links + 1] = ("[%s](#%s)"):format(entry.name, anchor(name))
      end
      seen[name] = true
    end
    return table.concat(links, " ")
  end
  for _, topic in ipairs(manifest.topics) do
    add("- [", topic.title, "](#page-", topic.name, ")\n")
  end
  for _, group in ipairs(manifest.groups) do
    add("- ", group.title, ": ", names(group.entries, ""), "\n")
  end
  for _, class in ipairs(manifest.classes) do
    add("- [", class.title, "](#class-", class.class, "): ",
      names(class.methods, class.class .. ":"), "\n")
  end
  add("- [Options](#options)\n\n")
end

local function class_section(class)
  add('<a id="class-', class.class, '"></a>\n## ', class.title, "\n\n")
  add(prose(class.summary), "\n\n")
  if class.text then paragraphs(class.text) end
  local rows = {}
  for i, field in ipairs(class.fields) do
    rows[i] = { "`." .. field.name .. "`", manifest.field_type(field), prose(field.summary) }
  end
  table_of({ "field", "type", "" }, rows)
  for _, method in ipairs(class.methods) do function_entry(method) end
end

local function options_section()
  add('<a id="options"></a>\n## Options\n\n')
  add("Every option once, with those who take it. An unknown option raises and names the nearest ",
    "right one.\n\n")
  local sorted = table.move(manifest.options, 1, #manifest.options, 1, {})
  table.sort(sorted, function(a, b)
    if a.name ~= b.name then return a.name < b.name end
    return (a.of or "") < (b.of or "")
  end)
  local rows = {}
  for i, option in ipairs(sorted) do
    rows[i] = { "`" .. option.name .. "`", facts(option), prose(option.summary),
      table.concat(manifest.takers(option), ", ") }
  end
  table_of({ "option", "type, unit, default", "", "taken by" }, rows)
end

return function()
  out, anchors = {}, {}
  add("# The moonwire manual\n\n")
  add("Made from `lua/manifest/` by `tools/manifest.lua`; `help()` prints the same. After each ",
    "signature stands whether the call waits (suspends its task, and only it) or returns at ",
    "once. In the examples `-->` shows what is printed.\n\n")
  contents()
  for _, topic in ipairs(manifest.topics) do
    add('<a id="page-', topic.name, '"></a>\n## ', topic.title, "\n\n")
    paragraphs(topic.text)
  end
  for _, group in ipairs(manifest.groups) do
    add("## ", group.title, "\n\n")
    for _, entry in ipairs(group.entries) do function_entry(entry) end
    local rows = {}
    for i, constant in ipairs(group.constants or {}) do
      rows[i] = { "`" .. constant.name .. "`", tostring(constant.value), constant.summary }
    end
    table_of({ "constant", "value", "" }, rows)
  end
  for _, class in ipairs(manifest.classes) do class_section(class) end
  options_section()
  return (table.concat(out):gsub("\n+$", "\n"))
end
