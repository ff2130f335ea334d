//! Columns that line up in any script.

use unicode_width::UnicodeWidthStr;

/// The space between two columns.
const GAP: usize = 2;

/// The rows as lines, each column as wide as its widest cell.
pub(super) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let mut table = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + GAP));
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}
