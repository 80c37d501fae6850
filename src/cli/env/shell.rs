//! How shells are told to set a variable.

/// A kind of shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shell {
    /// sh, bash, zsh, dash
    Posix,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
}

impl Shell {
    /// One line. It ends in a semicolon, for those who forget the quotes around `$(outrider env)`.
    pub(super) fn line(self, name: &str, value: &str) -> String {
        match self {
            Self::Posix => format!("export {name}='{}';\n", value.replace('\'', r"'\''")),
            Self::Fish => format!("set -gx {name} '{}';\n", value.replace('\\', r"\\").replace('\'', r"\'")),
            Self::Powershell => format!("$env:{name} = '{}';\n", value.replace('\'', "''")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_read_back() {
        let value = r#"a 'b' "c" $d `e` \f; #g"#;
        let script = Shell::Posix.line("VALUE", value) + "printf %s \"$VALUE\"";
        let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), value);
        assert_eq!(Shell::Fish.line("A", r"it's\n"), "set -gx A 'it\\'s\\\\n';\n");
        assert_eq!(Shell::Powershell.line("A", "it's"), "$env:A = 'it''s';\n");
    }
}
