-- lua5.4 tools/manifest.lua MODE ...: makes what is made from lua/manifest/.
--
--   options MANIFEST_DIR OUT.hpp   the option tables of the bridge, as C++
--   docs    MANIFEST_DIR OUT.md    the manual (docs/manual.md)
--   meta    MANIFEST_DIR OUT.lua   definitions for editors (docs/moonwire.meta.lua)
--   check   ROOT                   exit 1 if an entry is incomplete or a page is stale
--
-- A file is written only when its content changes, so that nothing rebuilds for nothing.
local here = arg[0]:match("^(.*)/[^/]*$") or "."

local function read_file(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("a")
  file:close()
  return text
end

local function write_if_changed(path, text)
  if read_file(path) == text then return end
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
end

--- The manifest as lua/manifest.lua gives it to help(); the pages' makers find it too.
local function load_manifest(manifest_dir)
  local root = manifest_dir:gsub("/+$", ""):match("^(.*)/[^/]*$") or "."
  package.path = root .. "/?.lua;" .. here .. "/?.lua;" .. package.path
  return require "manifest"
end

-- --- options: the C++ header ---------------------------------------------------------

local TYPE_NAMES = { boolean = "kTypeBoolean", integer = "kTypeInteger", number = "kTypeNumber",
  string = "kTypeString", ["function"] = "kTypeFunction", table = "kTypeTable",
  ["false"] = "kTypeFalse", map = "kTypeMap" }

--- "read_size" -> "ReadSize"
local function camel(name)
  return (("_" .. name):gsub("_(%l)", string.upper):gsub("_", ""))
end

local function sorted(list)
  local copy = table.move(list, 1, #list, 1, {})
  table.sort(copy)
  return copy
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  return sorted(keys)
end

local function cpp_number(value, none)
  if value == nil then return none end
  return math.type(value) == "integer" and ("%d"):format(value) or ("%.17g"):format(value)
end

local function cpp_types(types)
  local names = {}
  for name in types:gmatch("[^|]+") do
    names[#names + 1] = TYPE_NAMES[name] or error("no such option type: " .. name)
  end
  return table.concat(names, " | ")
end

local function cpp_words(words)
  return words and ('"%s|"'):format(table.concat(words, "|")) or "nullptr"
end

local function cpp_default(option)
  if type(option.default) == "boolean" then
    if option.types ~= "boolean" then return "kNoDefault" end
    return option.default and "1" or "0"
  end
  return cpp_number(option.default, "kNoDefault")
end

local HEADER = [[
// Made by tools/manifest.lua from lua/manifest/options.lua; not to be edited.
// Every option that a Lua function takes: its name, types and range. The
// bridge's option reader is given one of the tables at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace moonwire {

/// Every option's name once, sorted; a name means the same Opt in every table, but
/// `read` within `rate` is kRateRead.
enum class Opt : std::uint8_t {
%s
  kCount,
};

inline constexpr std::uint8_t kTypeBoolean = 1;
inline constexpr std::uint8_t kTypeInteger = 2;
inline constexpr std::uint8_t kTypeNumber = 4;
inline constexpr std::uint8_t kTypeString = 8;
inline constexpr std::uint8_t kTypeFunction = 16;
inline constexpr std::uint8_t kTypeTable = 32;
inline constexpr std::uint8_t kTypeFalse = 64;  // a boolean, but not true
inline constexpr std::uint8_t kTypeMap = 128;   // a table of strings by name

inline constexpr double kNoLimit = std::numeric_limits<double>::infinity();
inline constexpr double kNoDefault = std::numeric_limits<double>::quiet_NaN();

struct OptionTable;

/// One option of one table. `types` is a sum of kType...; the range holds for
/// numbers. `fallback` is the default of a number, 1 or 0 of a boolean, and NaN
/// where there is none, or where `false` stands for none. `words`, if not null:
/// what a string may be, with a "|" after each. `fields`, if not null: what a table holds.
struct OptionSpec {
  const char* name;  // "rate.read" for one within another
  Opt id;
  std::uint8_t types;
  double minimum, maximum, fallback;
  const char* words;
  const OptionTable* fields;
};

/// The options of one function, sorted by name. `function` begins its messages. Within a
/// table that is itself an option, keys begin so many characters after those of the names.
struct OptionTable {
  const char* function;
  const OptionSpec* specs;
  std::size_t count;
  std::size_t prefix;
};

%s
%s
}  // namespace moonwire
]]

--- The option tables that stand within others: by name, "rate." as a prefix.
local function inner_tables(data)
  local prefixes = {}
  for _, option in ipairs(data.options) do
    if option.fields then prefixes[option.fields] = option.name .. "." end
  end
  return prefixes
end

--- The name of its Opt: "kRateRead" for `read` within `rate`.
local function opt_name(name, prefix)
  return "k" .. camel((prefix or ""):gsub("%.", "_") .. name)
end

--- One table in C++; `prefix` if it stands within another.
local function cpp_table(data, table_name, prefix)
  local lines, title = {}, camel(table_name)
  for _, name in ipairs(sorted(data.tables[table_name])) do
    local option = data.option(table_name, name)
    lines[#lines + 1] = ('    {"%s", Opt::%s, %s, %s, %s, %s, %s, %s},\n'):format(
      (prefix or "") .. name, opt_name(name, prefix), cpp_types(option.types),
      cpp_number(option.min, "-kNoLimit"), cpp_number(option.max, "kNoLimit"),
      cpp_default(option), cpp_words(option.words),
      option.fields and ("&k%sOptions"):format(camel(option.fields)) or "nullptr")
  end
  return ('inline constexpr OptionSpec k%sSpecs[] = {\n%s};\n'
    .. 'inline constexpr OptionTable k%sOptions{"%s", k%sSpecs, %d, %d};\n'):format(title,
    table.concat(lines), title, data.functions[table_name] or table_name, title, #lines,
    #(prefix or ""))
end

local function options_header(data)
  local names, defaults, tables = {}, {}, {}
  local inner = inner_tables(data)
  for _, option in ipairs(data.options) do
    names[opt_name(option.name, inner[option.of])] = true
    if math.type(option.default) then
      local name = "kFallback" .. (option.of and camel(option.of) or "") .. camel(option.name)
      defaults[#defaults + 1] = ("inline constexpr double %s = %s;%s\n"):format(name,
        cpp_number(option.default), option.unit and "  // " .. option.unit or "")
    end
  end
  for _, table_name in ipairs(sorted_keys(inner)) do
    tables[#tables + 1] = cpp_table(data, table_name, inner[table_name])
  end
  for _, table_name in ipairs(sorted_keys(data.tables)) do
    if not inner[table_name] then tables[#tables + 1] = cpp_table(data, table_name) end
  end
  local enum = {}
  for _, name in ipairs(sorted_keys(names)) do enum[#enum + 1] = "  " .. name .. "," end
  return HEADER:format(table.concat(enum, "\n"), table.concat(sorted(defaults)),
    table.concat(tables, "\n"))
end

-- --- check ------------------------------------------------------------------------------

--- What an entry must have; fields and constants a summary only.
local NEEDED = {
  ["function"] = { "signature", "summary", "example", "waits" },
  method = { "signature", "summary", "example", "waits" },
  class = { "summary" }, field = { "type", "summary" }, constant = { "value", "summary" },
  option = { "types", "summary" }, topic = { "title", "text" },
}

--- One sentence: "Reads what is there.", not "Read" nor "reading; and more.".
local function is_sentence(summary)
  return summary:find("^%u") and summary:find("%.$") and not summary:find("%.%s+%u")
end

local function entry_problems(data)
  local problems = {}
  local function problem(format, ...)
    problems[#problems + 1] = "manifest: " .. format:format(...)
  end
  data.each(function(kind, entry, owner)
    local name = data.full_name(kind, entry, owner)
    for _, key in ipairs(NEEDED[kind]) do
      if entry[key] == nil then problem("%s '%s' has no %s", kind, name, key) end
    end
    if entry.summary and not is_sentence(entry.summary) then
      problem("the summary of '%s' is not one sentence: %s", name, entry.summary)
    end
    if entry.options and not data.tables[entry.options] then
      problem("'%s' takes option table '%s', which is none", name, entry.options)
    end
    if entry.example then
      local chunk, message = load(entry.example, "=" .. name)
      if not chunk then problem("the example of '%s' does not compile: %s", name, message) end
    end
  end)
  local taken = {}
  for table_name, names in pairs(data.tables) do
    for _, name in ipairs(names) do
      local found, option = pcall(data.option, table_name, name)
      if found then taken[option] = true else problem("%s", option) end
    end
  end
  for _, option in ipairs(data.options) do
    if not taken[option] then problem("nobody takes option '%s'", option.name) end
  end
  return problems
end

-- --- the command ------------------------------------------------------------------------

local PAGES = {
  docs = { maker = "manifest_docs", path = "docs/manual.md" },
  meta = { maker = "manifest_meta", path = "docs/moonwire.meta.lua" },
}

local modes = {}

function modes.options(manifest_dir, out)
  write_if_changed(out, options_header(load_manifest(manifest_dir)))
end

for mode, page in pairs(PAGES) do
  modes[mode] = function(manifest_dir, out)
    load_manifest(manifest_dir)
    write_if_changed(out, require(page.maker)())
  end
end

function modes.check(root)
  local problems = entry_problems(load_manifest(root .. "/lua/manifest"))
  for mode, page in pairs(PAGES) do
    if read_file(root .. "/" .. page.path) ~= require(page.maker)() then
      problems[#problems + 1] = ("%s is stale: lua5.4 tools/manifest.lua %s lua/manifest %s")
        :format(page.path, mode, page.path)
    end
  end
  if #problems == 0 then return end
  io.stderr:write(table.concat(problems, "\n"), "\n")
  os.exit(1)
end

local mode = modes[arg[1]]
if not mode or not arg[2] or arg[1] ~= "check" and not arg[3] then
  io.stderr:write("usage: lua5.4 tools/manifest.lua options|docs|meta MANIFEST_DIR OUT\n",
    "       lua5.4 tools/manifest.lua check ROOT\n")
  os.exit(2)
end
mode(table.unpack(arg, 2))
