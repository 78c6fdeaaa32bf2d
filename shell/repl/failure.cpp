#include "repl/failure.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <utility>
#include <vector>

#include "term/style.hpp"
#include "term/width.hpp"

namespace moonwire {
namespace {

constexpr std::size_t kMostFrames = 20;
constexpr std::size_t kMostColumns = 500;
constexpr std::string_view kInput = "(input ";

std::optional<int> number_in(std::string_view digits) {
  int number = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

std::optional<std::string> line_of_text(std::string_view text, int wanted) {
  for (int line = 1;; ++line) {
    const std::size_t end = text.find('\n');
    if (line == wanted) return std::string(text.substr(0, end));
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::string> line_of_file(const std::string& path, int wanted) {
  struct stat facts {};  // a message can name anything: a pipe would make us wait
  if (::stat(path.c_str(), &facts) < 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
  FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) return std::nullopt;
  std::string text;
  int line = 1;
  for (int c = std::getc(file); c != EOF && line <= wanted; c = std::getc(file)) {
    if (c == '\n') ++line;
    if (line == wanted && c != '\n' && text.size() < kMostColumns) text += static_cast<char>(c);
  }
  std::fclose(file);
  if (line < wanted) return std::nullopt;
  return text;
}

struct Place {
  std::string_view chunk;
  int line = 0;
};

/// "chunk:12: ..." at the beginning of a message.
std::optional<Place> place_of(std::string_view message) {
  for (std::size_t colon = message.find(':'); colon != std::string_view::npos;
       colon = message.find(':', colon + 1)) {
    const std::size_t end = message.find(':', colon + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = number_in(message.substr(colon + 1, end - colon - 1));
    if (line) return Place{message.substr(0, colon), *line};
  }
  return std::nullopt;
}

std::string in_color(const std::string& word, bool coloured) {
  if (!coloured) return word;
  return std::string(style_bytes(Style::kError)) + word + std::string(kPlainStyle);
}

/// A source line as the screen can show it: a tab is one column, as the caret counts.
std::string shown(std::string line) {
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return line.substr(0, kMostColumns);
}

std::string excerpt(const Failure& failure, const Inputs& inputs, bool coloured) {
  const auto place = place_of(failure.message);
  const std::string_view chunk = failure.file.empty() && place ? place->chunk : failure.file;
  const auto line = place ? inputs.line(chunk, place->line) : std::nullopt;
  if (!line || line->empty()) return {};
  std::string text = "  " + shown(*line) + "\n";
  if (failure.column && *failure.column <= line->size() && *failure.column < kMostColumns) {
    const int before = text_width(shown(line->substr(0, *failure.column)));
    text += std::string(2 + static_cast<std::size_t>(before), ' ');
    text += in_color("^", coloured) + "\n";
  }
  return text;
}

/// The frames but for C functions. A tail call at the very end is not the user's: what
/// was typed as an expression runs behind a `return`.
std::vector<std::string_view> user_frames(std::string_view traceback) {
  std::vector<std::string_view> frames;
  while (!traceback.empty()) {
    const std::size_t end = std::min(traceback.find('\n'), traceback.size());
    std::string_view frame = traceback.substr(0, end);
    traceback.remove_prefix(std::min(end + 1, traceback.size()));
    if (frame.starts_with('\t')) frame.remove_prefix(1);
    if (!frame.empty() && !frame.starts_with("[C]:")) frames.push_back(frame);
  }
  if (!frames.empty() && frames.back() == "(...tail calls...)") frames.pop_back();
  return frames;
}

/// "...\t(skipping 30 levels)" stands for so many frames; 0 for a frame.
std::size_t skipped_by(std::string_view frame) {
  constexpr std::string_view kMark = "...\t(skipping ";
  if (!frame.starts_with(kMark)) return 0;
  frame.remove_prefix(kMark.size());
  return static_cast<std::size_t>(number_in(frame.substr(0, frame.find(' '))).value_or(0));
}

}  // namespace

void Inputs::keep(int number, std::string_view text) {
  texts_[number] = text;
  if (texts_.size() > kMost) texts_.erase(texts_.begin());
}

std::optional<std::string> Inputs::line(std::string_view chunk, int line) const {
  if (!chunk.starts_with(kInput) || !chunk.ends_with(')')) {
    return line_of_file(std::string(chunk), line);
  }
  chunk.remove_prefix(kInput.size());
  chunk.remove_suffix(1);
  const auto number = number_in(chunk);
  const auto found = number ? texts_.find(*number) : texts_.end();
  return found == texts_.end() ? std::nullopt : line_of_text(found->second, line);
}

std::string Inputs::lines(std::string_view chunk, int first, int last) const {
  std::string text;
  for (int i = first; i <= last; ++i) {
    const auto found = line(chunk, i);
    if (!found) break;
    text += *found + "\n";
  }
  return text;
}

std::string Inputs::listing(std::string_view part) const {
  std::string text;
  for (const auto& [number, input] : texts_) {
    if (input.find(part) == std::string::npos) continue;
    text += std::to_string(number) + "  " + input + "\n";
  }
  return text;
}

std::string failure_lead(const std::string& source, bool coloured) {
  const std::string word = in_color("error", coloured);
  return source.empty() ? word + ": " : word + " in " + source + ": ";
}

std::string failure_text(const Failure& failure, const Inputs& inputs, bool coloured) {
  const std::string text = failure_lead(failure.source, coloured) + failure.message + "\n";
  return text + excerpt(failure, inputs, coloured) + stack_text(failure.traceback);
}

std::string stack_text(std::string_view traceback) {
  const auto frames = user_frames(traceback);
  if (frames.empty()) return {};
  const bool cut = frames.size() > kMostFrames;
  std::string text = "stack:\n";
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const std::size_t skipped = skipped_by(frames[i]);
    const bool middle = cut && i >= kMostFrames / 2 && i < frames.size() - kMostFrames / 2;
    if (skipped > 0 || middle) {
      left_out += skipped > 0 ? skipped : 1;
      continue;
    }
    if (left_out > 0) text += "  ... " + std::to_string(std::exchange(left_out, 0)) + " more\n";
    text.append("  ").append(frames[i]) += '\n';
  }
  return text;
}

}  // namespace moonwire
