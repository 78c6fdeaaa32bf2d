-- Definitions for LuaLS, the language server of editors: what there is, its types, and
-- whether it waits (`@async`). The file is never run.
local manifest = require "manifest"

local out

local function add(...)
  for _, piece in ipairs { ... } do out[#out + 1] = piece end
end

local function comment(text)
  for line in (text .. "\n"):gmatch("(.-)\n") do add("---", line, "\n") end
end

--- The option table as a class: "listen" -> listen_options.
local function option_class(table_name)
  add("---@class ", table_name, "_options\n")
  local names = table.move(manifest.tables[table_name], 1, #manifest.tables[table_name], 1, {})
  table.sort(names)
  for _, name in ipairs(names) do
    local option = manifest.option(table_name, name)
    local kind = option.meta or option.fields and option.fields .. "_options" or option.types
    local facts = manifest.facts(option)
    table.remove(facts, 1)
    local said = #facts > 0 and " (" .. table.concat(facts, ", ") .. ")" or ""
    add("---@field ", name, "? ", kind, " # ", option.summary, said, "\n")
  end
  add("\n")
end

--- "integer?" -> "?", "integer"; the "?" of a function's result is not the argument's.
local function split_type(kind)
  local base = kind:match("^(.*)%?$")
  if base and not base:find("^fun%b():") then return "?", base end
  return "", kind
end

local function param(arg)
  local optional, kind = split_type(arg.type)
  if arg.name == "..." then return add("---@param ... ", kind, "\n") end
  local facts = manifest.facts(arg)
  table.remove(facts, 1)
  local text = arg.text or ""
  if #facts > 0 then text = text .. " (" .. table.concat(facts, ", ") .. ")" end
  add("---@param ", arg.name, optional, " ", kind)
  add(text:find("%S") and " # " .. text:gsub("^%s+", "") or "", "\n")
end

local function function_entry(entry, full_name)
  comment(entry.summary)
  if entry.text then
    add("---\n")
    comment(entry.text)
  end
  if entry.example then
    add("---\n")
    comment("```lua\n" .. entry.example .. "\n```")
  end
  if entry.index then
    add("---@class ", entry.name, "_list\n---@field [integer] ", entry.index, "\n")
    add("---@overload fun(): ", entry.returns[1]:match("^(%S+)"), "\n", entry.name, " = {}\n\n")
    return
  end
  if entry.kind == "field" then
    add("---@type ", entry.type, "\n", full_name, " = nil\n\n")
    return
  end
  if entry.waits then add("---@async\n") end
  local names = {}
  for i, arg in ipairs(entry.args or {}) do
    param(arg)
    names[i] = arg.name
  end
  for _, result in ipairs(entry.returns or {}) do add("---@return ", result, "\n") end
  add("function ", full_name, "(", table.concat(names, ", "), ") end\n\n")
end

local function records(list)
  for _, record in ipairs(list or {}) do
    add("---@class ", record.name, "\n")
    for _, field in ipairs(record.fields) do
      add("---@field ", field.name, " ", field.type, "\n")
    end
    add("\n")
  end
end

local function class_section(class)
  records(class.records)
  comment(class.summary)
  add("---@class ", class.class, "\n")
  for _, field in ipairs(class.fields) do
    add("---@field ", field.name, " ", field.type, " # ", field.summary, "\n")
  end
  add("local ", class.class, " = {}\n\n")
  for _, method in ipairs(class.methods) do
    function_entry(method, class.class .. ":" .. method.name)
  end
end

return function()
  out = {}
  add("---@meta moonwire\n-- Made by tools/manifest.lua from lua/manifest/; not to be edited.\n\n")
  local tables = {}
  for name in pairs(manifest.tables) do tables[#tables + 1] = name end
  table.sort(tables)
  for _, name in ipairs(tables) do option_class(name) end
  for _, class in ipairs(manifest.classes) do class_section(class) end
  add("---The poll methods.\nreactor = {}\n\n")
  for _, group in ipairs(manifest.groups) do
    records(group.records)
    if group.module then add("---@class ", group.module, "\nlocal ", group.module, " = {}\n\n") end
    for _, entry in ipairs(group.entries) do function_entry(entry, entry.name) end
    for _, constant in ipairs(group.constants or {}) do
      comment(constant.summary)
      add(constant.name, " = ", tostring(constant.value), "\n\n")
    end
  end
  return (table.concat(out):gsub("\n+$", "\n"))
end
