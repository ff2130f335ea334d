//! The server as a program of its own.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
