//! A log in formats of others: a trace for Chrome and Perfetto, and a table of figures.

mod csv;
mod trace;

pub use csv::write_csv;
pub use trace::write_trace;
