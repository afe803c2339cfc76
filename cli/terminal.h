// Copyright 2026 The pygrpc Authors
// SPDX-License-Identifier: Apache-2.0

// The terminal, where there is one: a spinner, colours, and text that does it no harm.

#ifndef PYGRPC_CLI_TERMINAL_H_
#define PYGRPC_CLI_TERMINAL_H_

#include <string>
#include <string_view>

namespace pygrpc::cli {

bool IsTerminal(int fd);

// Whether terminals of this kind ($TERM) have colours, and lines that can be cleared.
bool UnderstandsEscapes();

// The text with every control character, save line feeds and tabs, written as \xNN: what servers
// send does not steer the terminal.
std::string Printable(std::string_view text);

// Shows that something is waited for, on standard error, once that has taken 300 ms; nothing where
// that is no terminal. `what` is what is waited for.
void ShowSpinner(const std::string& what);

// Ends that, and clears its line. Before anything is printed.
void HideSpinner();

// Draws the next frame, if it is time to. Gives the milliseconds until it wants to be called again,
// or -1: not unless there is a new one. From the thread of the watcher.
int TickSpinner();

// Shows a text on standard output, which is a terminal: through $PAGER, or less, if it is longer
// than the screen.
void Page(std::string_view text);

}  // namespace pygrpc::cli

#endif  // PYGRPC_CLI_TERMINAL_H_
