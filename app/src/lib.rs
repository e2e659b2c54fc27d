//! The Microtome window, its offscreen host and the command line.
