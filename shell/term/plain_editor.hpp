// The line editor for dumb terminals and pipes: the kernel edits the line, we print
// prompts and text, and never an escape byte. What is typed half stays in the kernel,
// so a prompt that is printed again after other text comes without it. One thread.
#pragma once

#include <string>

#include "term/line_editor.hpp"
#include "term/outlet.hpp"

namespace moonwire {

class PlainEditor final : public LineEditor {
 public:
  /// Both must outlive it.
  PlainEditor(Outlet& outlet, Listener& listener) : outlet_(outlet), listener_(listener) {}

  void start() override;
  void stop() override;
  bool started() const override { return started_; }
  std::size_t input(std::string_view bytes) override;
  void end_of_input(std::string_view rest) override;
  void echoed(std::string_view bytes) override;
  void set_block(std::string_view block) override;
  void interrupt(std::string_view dropped) override;
  void resized() override {}
  void lend(bool) override {}
  void resumed() override;
  void emit(std::string_view text) override;
  void repaint() override;
  void drain(Nanoseconds patience = Nanoseconds::max()) override;

 private:
  void take_line(std::string_view line);
  void run_block();

  Outlet& outlet_;
  Listener& listener_;
  std::string block_;  // the lines so far, without the last newline
  bool started_ = false;
  bool continued_ = false;  // block_ wants a further line
  bool shown_ = false;      // the cursor stands behind a prompt
  bool row_clean_ = true;   // else: behind text without a newline
};

}  // namespace moonwire
