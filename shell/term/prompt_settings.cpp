#include "term/prompt_settings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>
#include <variant>

#include "term/two_columns.hpp"

namespace moonwire {
namespace {

using Switch = bool PromptSettings::*;
struct Number {
  int PromptSettings::*field;
  int least;
  int most;
};

struct Setting {
  std::string_view name;
  std::variant<Switch, Number> field;
  std::string_view summary;
};

constexpr Setting kSettings[] = {
    {"color", &PromptSettings::color, "colours of what is typed, and at an error's place"},
    {"depth", Number{&PromptSettings::depth, 0, 100}, "tables within tables that are shown"},
    {"ghost", &PromptSettings::ghost, "a suggestion from the history, behind the cursor"},
    {"items", Number{&PromptSettings::items, 0, 1'000'000}, "entries of a table that are shown"},
    {"prefix_search", &PromptSettings::prefix_search, "Up finds what begins like the block"},
    {"redraw", &PromptSettings::redraw, "off: prints come where the cursor is"},
    {"width", Number{&PromptSettings::width, 0, 100'000}, "columns of a result; 0: the terminal's"},
};

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string value_text(const PromptSettings& settings, const Setting& setting) {
  if (const auto* number = std::get_if<Number>(&setting.field)) {
    return std::to_string(settings.*number->field);
  }
  return settings.*std::get<Switch>(setting.field) ? "on" : "off";
}

std::string set_switch(PromptSettings& settings, const Setting& setting, std::string_view value) {
  const bool on = value == "on" || value == "true";
  if (!on && value != "off" && value != "false") return std::string(setting.name) + " is on or off";
  const Switch field = std::get<Switch>(setting.field);
  if (on && field == &PromptSettings::color && !takes_escapes()) {
    return "color stays off: TERM names no terminal that has any";
  }
  settings.*field = on;
  return {};
}

std::string set_number(PromptSettings& settings, const Setting& setting, std::string_view value) {
  const Number& number = std::get<Number>(setting.field);
  int given = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), given);
  const bool whole = problem == std::errc() && end == value.data() + value.size();
  if (!whole || given < number.least || given > number.most) {
    return std::string(setting.name) + " is a number from " + std::to_string(number.least) +
           " to " + std::to_string(number.most);
  }
  settings.*number.field = given;
  return {};
}

}  // namespace

bool takes_escapes() {
  const std::string_view term = variable("TERM");
  return !term.empty() && term != "dumb";
}

bool PromptSettings::wants_color(bool output_is_terminal) {
  if (!variable("NO_COLOR").empty() || !takes_escapes()) return false;
  return output_is_terminal || !variable("FORCE_COLOR").empty();
}

std::string settings_text(const PromptSettings& settings, std::string_view name, int width) {
  constexpr std::size_t kNames = 15;
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Setting& setting : kSettings) {
    if (!name.empty() && setting.name != name) continue;
    std::string row(setting.name);
    row.resize(kNames, ' ');
    rows.emplace_back(row + value_text(settings, setting), setting.summary);
  }
  return two_columns(rows, width);
}

std::string set_setting(PromptSettings& settings, std::string_view name, std::string_view value) {
  const auto setting = std::find_if(std::begin(kSettings), std::end(kSettings),
                                    [&](const Setting& known) { return known.name == name; });
  if (setting == std::end(kSettings)) return "there is no setting " + std::string(name);
  return std::holds_alternative<Switch>(setting->field) ? set_switch(settings, *setting, value)
                                                        : set_number(settings, *setting, value);
}

std::vector<std::string_view> setting_names() {
  std::vector<std::string_view> names;
  for (const Setting& setting : kSettings) names.push_back(setting.name);
  return names;
}

std::string_view find_setting(std::string_view text) {
  std::string_view found;
  for (const Setting& setting : kSettings) {
    if (setting.name == text) return text;
    if (!setting.name.starts_with(text)) continue;
    if (!found.empty()) return {};
    found = setting.name;
  }
  return found;
}

}  // namespace moonwire
