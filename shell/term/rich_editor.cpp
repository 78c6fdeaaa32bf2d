// The rich editor's screen and life; what its keys do is in rich_editor_keys.cpp.
#include "term/rich_editor.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "term/renderer.hpp"

namespace moonwire {
namespace {

constexpr std::string_view kPrompt = "net> ";
constexpr std::string_view kContinued = "...> ";
constexpr std::string_view kNewRow = "\r\n";
constexpr std::string_view kUpdateBegins = "\x1b[?2026h";
constexpr std::string_view kUpdateEnds = "\x1b[?2026l";
constexpr std::string_view kMarkPastes = "\x1b[?2004h";
constexpr std::string_view kDoNotMarkPastes = "\x1b[?2004l";
constexpr std::string_view kPlainColours = "\x1b[0m";
constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J";

/// How much of `text` one frame takes: whole lines, if there is one.
std::size_t frame_size(std::string_view text) {
  if (text.size() <= Outlet::kFrame) return text.size();
  const std::size_t newline = text.rfind('\n', Outlet::kFrame - 1);
  return newline == std::string_view::npos ? Outlet::kFrame : newline + 1;
}

}  // namespace

RichEditor::RichEditor(Reactor& reactor, Terminal& terminal, Outlet& outlet, const History& history,
                       const PromptSettings& settings, Listener& listener)
    : reactor_(reactor),
      terminal_(terminal),
      outlet_(outlet),
      history_(history),
      settings_(settings),
      listener_(listener),
      walk_(history),
      search_(history),
      size_(Terminal::size(STDOUT_FILENO)),
      pace_(*this, &RichEditor::pace_over),
      patience_(*this, &RichEditor::keys_time_out) {}

void RichEditor::start() {
  started_ = dirty_ = true;
  lent_ = false;
  if (std::exchange(coloured_, false)) outlet_.write(kPlainColours);
  terminal_.set(Terminal::Mode::kKeys);
}

void RichEditor::stop() {
  if (!shown_.rows.empty()) {
    std::string out = begin_update();
    erase_block(out);
    out += kUpdateEnds;
    outlet_.write(out);
  }
  pass_prints();
  started_ = false;
  if (terminal_.mode() == Terminal::Mode::kKeys) terminal_.set(Terminal::Mode::kQuiet);
}

/// Somebody asks for a line: the kernel edits it, and shows it.
void RichEditor::lend(bool on) {
  if (started_ || on == lent_) return;
  lent_ = on;
  line_taken_ = true;
  if (on && pastes_) outlet_.write(kDoNotMarkPastes);
  if (on) pastes_ = false;
  outlet_.flush();  // first: what the terminal shows of a line belongs on a row of its own
  terminal_.set(on ? Terminal::Mode::kFound : Terminal::Mode::kQuiet);
}

// --- input ---------------------------------------------------------------------------------

std::size_t RichEditor::input(std::string_view bytes) {
  std::string_view rest = bytes;
  // io.read("n") leaves the newline behind its number, which is no Enter for us.
  if (started_ && !bytes.empty() && std::exchange(line_taken_, false) && bytes[0] == '\n') {
    rest.remove_prefix(1);
  }
  while (started_) {
    const auto key = decoder_.next(rest);
    if (!key) break;
    take_key(*key);
  }
  wait_for_more();
  return bytes.size() - rest.size();
}

void RichEditor::wait_for_more() {
  const auto patience = decoder_.patience();
  if (patience) {
    patience_.arm(reactor_, *patience);
  } else {
    patience_.disarm();
  }
}

void RichEditor::keys_time_out() {
  while (started_) {
    const auto key = decoder_.time_out();
    if (!key) break;
    take_key(*key);
  }
  wait_for_more();
}

/// The terminal has gone.
void RichEditor::end_of_input(std::string_view) {
  if (started_) listener_.on_end();
}

void RichEditor::echoed(std::string_view bytes) {
  if (lent_) printed_.feed(bytes, size_.columns);
}

void RichEditor::set_block(std::string_view block) {
  buffer_.reset(std::string(block));
  top_ = {};
  dirty_ = true;
}

/// Ctrl-C behind Ctrl-V is text, as any other key; `dropped` came in front of it.
bool RichEditor::is_quoted(std::string_view dropped) const {
  constexpr char kLiteral = '\x16';
  if (!started_ || decoder_.patience()) return false;
  bool literal = literal_;
  for (const char c : dropped) {
    const bool is_control = c >= 0 && c < ' ';
    if (is_control && c != kLiteral && !literal) return false;  // keys that nobody saw do nothing
    literal = c == kLiteral && !literal;
  }
  return literal;
}

void RichEditor::interrupt(std::string_view dropped) {
  if (is_quoted(dropped)) {
    input(dropped);
    return take_key({Key::Symbol::kText, true, false, false, "c", "\x03"});
  }
  drop_input(dropped);
  if (started_) drop_block();
}

void RichEditor::drop_input(std::string_view dropped) {
  while (decoder_.next(dropped)) {
  }
  decoder_.discard();
  wait_for_more();
}

// --- the screen ----------------------------------------------------------------------------

void RichEditor::resized() {
  const Terminal::Size before = std::exchange(size_, Terminal::size(STDOUT_FILENO));
  if (before.rows == size_.rows && before.columns == size_.columns) return;
  if (before.columns != size_.columns) printed_.resize(size_.columns);
  if (shown_.rows.empty()) return;
  if (before.columns != size_.columns) {
    // The terminal has folded the rows of the block too, and the cursor went along.
    const Layout folded = layout({0, buffer_.text().size()}, false);
    shown_.cursor_row =
        std::min<std::size_t>(folded.cursor_row, static_cast<std::size_t>(size_.rows - 1));
  }
  dirty_ = folded_ = true;
}

void RichEditor::resumed() {
  if (std::exchange(continues_, false)) return;
  size_ = Terminal::size(STDOUT_FILENO);
  if (!shown_.rows.empty()) outlet_.write(kNewRow);  // stopped without a warning
  shown_ = {};
  printed_.set(0);
  pastes_ = false;
  dirty_ = lost_ = true;
  if (lent_) return;
  const Terminal::Mode mode = started_ ? Terminal::Mode::kKeys : Terminal::Mode::kQuiet;
  terminal_.set(mode);
  terminal_.apply();
}

void RichEditor::continued() {
  resumed();
  continues_ = true;
}

void RichEditor::emit(std::string_view text) {
  if (text.empty()) return;
  if (started_ && settings_.redraw) {
    above_.append(text);
    above_.skip_lines();
    return;
  }
  if (!shown_.rows.empty()) printed_.set(shown_.cursor_column);  // it comes behind the cursor
  shown_ = {};
  coloured_ = coloured_ || text.find('\x1b') != std::string_view::npos;
  outlet_.write(printed_.feed(text, size_.columns));
  outlet_.flush();  // what runs now may take long, and is watched
}

void RichEditor::repaint() {
  outlet_.flush();
  if (!started_) return;
  const bool has_prints = !above_.empty();
  if (!dirty_ && !has_prints) return;
  const TimePoint now = Clock::now();
  const bool due = has_prints && now >= next_frame_;
  if (!outlet_.idle() || (!dirty_ && !due)) {
    // The terminal is slow, or has had its share.
    if (!pace_.armed()) pace_.arm_at(reactor_, std::max(next_frame_, now + Outlet::kPace / 4));
    return;
  }
  std::string out = begin_update();
  if (due) {
    draw_prints(out);
    next_frame_ = now + Outlet::kPace;
  }
  draw(out, false);
  out += kUpdateEnds;
  outlet_.write(out);
  outlet_.flush();
  if (!above_.empty() && !pace_.armed()) pace_.arm_at(reactor_, next_frame_);
}

/// With what must go from the screen before anything else is drawn.
std::string RichEditor::begin_update() {
  std::string out(kUpdateBegins);
  if (std::exchange(folded_, false)) erase_block(out);
  if (std::exchange(clears_, false)) {
    out += kClearScreen;
    shown_ = {};
    printed_.set(0);
  }
  return out;
}

/// Of a part of the block. `left`: as it stays on the screen.
Layout RichEditor::layout(Extent extent, bool left) {
  const std::string& text = buffer_.text();
  std::vector<Span> spans =
      listener_.style(text, extent.from, extent.to, left ? std::string::npos : buffer_.cursor());
  for (Span& span : spans) span.from -= extent.from;
  View view;
  view.spans = &spans;
  view.prompt = search_prompt_.empty() ? kPrompt : std::string_view(search_prompt_);
  view.continued = kContinued;
  if (extent.from > 0) view.prompt = kContinued;
  view.text = std::string_view(text).substr(extent.from, extent.to - extent.from);
  view.cursor = buffer_.cursor() - extent.from;
  if (!left) view.ghost = ghost();
  return lay_out(view, size_.columns);
}

/// The block as it is now; `whole`: even if it is higher than the screen.
void RichEditor::draw(std::string& out, bool whole) {
  if (!pastes_) out += kMarkPastes;
  pastes_ = true;
  const std::string& text = buffer_.text();
  const auto rows = static_cast<std::size_t>(size_.rows);
  Extent extent{0, text.size()};
  if (!whole) extent = lines_around(text, buffer_.cursor(), rows);
  Layout next = layout(extent, whole);
  if (!whole) {
    next = window_of(std::move(next), extent, text.size(), rows, size_.columns, top_);
  } else if (next.rows.size() > rows) {
    render_erased(out, shown_);
    shown_ = {};
  }
  leave_lost_row(out);
  if (shown_.rows.empty() && printed_.value() > 0) {
    out += kNewRow;
  }
  render(out, shown_, next, size_.columns);
  out += std::exchange(extra_, {});
  shown_ = std::move(next);
  dirty_ = false;
}

/// Something else wrote: what comes now has a row of its own.
void RichEditor::leave_lost_row(std::string& out) {
  if (!std::exchange(lost_, false)) return;
  // As much as a row: it ends in this one, or in the next if the cursor was not in column 0.
  out.append(static_cast<std::size_t>(size_.columns), ' ') += '\r';
  printed_.set(0);
}

/// A frame of what was printed, in the place of the block. Text that has no newline yet
/// goes on where it ended, in the row above the block.
void RichEditor::draw_prints(std::string& out) {
  erase_block(out);
  leave_lost_row(out);
  const std::string_view all = above_.view();
  const std::string_view text = all.substr(0, frame_size(all));
  out += printed_.feed(text, size_.columns);
  if (text.find('\x1b') != std::string_view::npos) out += kPlainColours;
  above_.consume(text.size());
}

/// And the cursor to where the text above it ended, if that is still on the screen.
void RichEditor::erase_block(std::string& out) {
  if (shown_.rows.empty()) return;
  const bool fills_screen = shown_.rows.size() >= static_cast<std::size_t>(size_.rows);
  render_erased(out, std::exchange(shown_, {}));
  if (printed_.value() == size_.columns) return printed_.wrap();
  if (fills_screen) return printed_.set(0);
  if (printed_.value() == 0) return;
  move_rows(out, -1);
  move_to_column(out, printed_.value());
}

/// The cursor goes to a row below the block, which stays as it is.
void RichEditor::leave_block(std::string_view mark) {
  buffer_.move_to(buffer_.text().size());
  std::string out = begin_update();
  draw(out, true);
  out += mark;
  render_left(out, shown_);
  out += kUpdateEnds;
  shown_ = {};
  printed_.set(0);
  outlet_.write(out);
  dirty_ = true;
}

/// Prints that have waited for their frames go before what comes now.
void RichEditor::pass_prints() {
  pace_.disarm();
  const std::string_view text = above_.view();
  if (text.empty()) return;
  coloured_ = coloured_ || text.find('\x1b') != std::string_view::npos;
  outlet_.write(printed_.feed(text, size_.columns));
  above_.consume(text.size());
}

void RichEditor::drain(Nanoseconds patience) {
  const std::size_t cursor = buffer_.cursor();
  if (!shown_.rows.empty()) leave_block({});
  buffer_.move_to(cursor);
  pass_prints();
  if (pastes_) outlet_.write(kDoNotMarkPastes);
  pastes_ = false;
  outlet_.drain(patience);
  terminal_.set(Terminal::Mode::kFound);
}

}  // namespace moonwire
