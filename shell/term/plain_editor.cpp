#include "term/plain_editor.hpp"

#include <utility>

namespace moonwire {
namespace {

constexpr std::string_view kPrompt = "net> ";
constexpr std::string_view kContinued = "...> ";
constexpr std::string_view kNewRow = "\r\n";

}  // namespace

void PlainEditor::start() {
  started_ = true;
  outlet_.set_paced(true);
}

void PlainEditor::stop() {
  started_ = shown_ = false;
  outlet_.set_paced(false);
}

std::size_t PlainEditor::input(std::string_view bytes) {
  if (!started_) return 0;
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return 0;
  take_line(bytes.substr(0, end));
  return end + 1;
}

void PlainEditor::take_line(std::string_view line) {
  shown_ = false;
  row_clean_ = true;
  if (continued_) block_ += '\n';
  block_ += line;
  continued_ = !listener_.is_complete(block_);
  if (!continued_) run_block();
}

void PlainEditor::run_block() {
  continued_ = false;
  const std::string block = std::exchange(block_, {});
  listener_.on_block(block);
}

void PlainEditor::end_of_input(std::string_view rest) {
  if (!started_) return;
  if (rest.empty() && !continued_) return listener_.on_end();
  if (continued_) block_ += '\n';
  block_ += rest;
  if (shown_) outlet_.write(kNewRow);
  shown_ = false;
  row_clean_ = true;
  run_block();  // if it is incomplete, it says so
}

void PlainEditor::echoed(std::string_view bytes) {
  if (!bytes.ends_with('\n')) return;
  shown_ = false;
  row_clean_ = true;
}

void PlainEditor::set_block(std::string_view block) {
  if (!started_ || block.empty()) return;
  std::string shown(kPrompt);
  for (const char c : block)
    shown += c == '\n' ? std::string("\n") + std::string(kContinued) : std::string(1, c);
  emit(shown + "\n");
  listener_.on_block(std::string(block));
}

void PlainEditor::interrupt(std::string_view) {
  block_.clear();
  continued_ = false;
  if (shown_) outlet_.write(kNewRow);
  shown_ = false;
}

void PlainEditor::resumed() {
  shown_ = false;
  row_clean_ = true;
}

void PlainEditor::emit(std::string_view text) {
  if (text.empty()) return;
  if (shown_) outlet_.write(kNewRow);
  shown_ = false;
  outlet_.write(text);
  row_clean_ = text.ends_with('\n');
  if (!started_) outlet_.flush();  // what runs now may take long, and is watched
}

void PlainEditor::drain(Nanoseconds patience) {
  if (shown_) outlet_.write(kNewRow);
  shown_ = false;
  outlet_.drain(patience);
}

void PlainEditor::repaint() {
  if (started_ && !shown_) {
    if (!row_clean_) outlet_.write(kNewRow);
    outlet_.write(continued_ ? kContinued : kPrompt);
    row_clean_ = shown_ = true;
  }
  outlet_.flush();
}

}  // namespace moonwire
