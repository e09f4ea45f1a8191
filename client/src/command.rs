//! What each command does.

use std::{env, process::ExitCode, time::Duration};

use clap_complete::Shell;
use protocol::filter::Filter;

use crate::{
    Error, Unfinished,
    address::ServerUrl,
    api::Api,
    arguments::{
        Command, DecisionArguments, Declarations, ExportArguments, Forget, LoginArguments, LogsArguments,
        PatternsArguments, ProjectsArguments, SetArguments, TailArguments, Target, Transport, UnsetArguments,
        VarsArguments,
    },
    console::Console,
    declarations::{self, Decision},
    endpoint::Endpoint,
    environment::Environment,
    export::{Export, What},
    forget,
    login::{Login, logout},
    logs::{self, Logs, Wanted},
    patterns::{self, Part},
    projects,
    responses::Project,
    set::{self, How},
    tail::{self, LineFormat, Tail},
    text::visible,
    unset::unset,
    vars,
};

/// Lines that are shown with those around them: each is a request.
const MAX_WITH_CONTEXT: usize = 1_000;

/// Runs a command, and prints errors to standard error. `program` is the whole command line, for completions.
///
/// It blocks. Call [`Unfinished::delete`] before exiting the process in the meantime.
pub fn run(command: Command, program: clap::Command, unfinished: &Unfinished) -> ExitCode {
    let mut console = Console::of_process();
    let variables = |name: &str| env::var_os(name);
    let context = Context { environment: Environment(&variables), unfinished };
    match context.run(command, program, &mut console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            console.note(&error.to_string());
            ExitCode::from(error.status())
        }
    }
}

struct Context<'a> {
    environment: Environment<'a>,
    unfinished: &'a Unfinished,
}

impl Context<'_> {
    fn run(&self, command: Command, program: clap::Command, console: &mut Console) -> Result<(), Error> {
        match command {
            Command::Login(arguments) => self.login(arguments, console),
            Command::Logout => logout(&self.environment, console),
            Command::Projects(ProjectsArguments { json, transport }) => {
                projects::list(&self.api(&transport)?, json, console)
            }
            Command::Vars(VarsArguments { filter, json, target }) => {
                let (api, project) = self.find(&target)?;
                vars::list(&api, &project, &filter.join(" "), json, console)
            }
            Command::Set(arguments) => self.set(&arguments, console),
            Command::Unset(UnsetArguments { names, if_revision, target }) => {
                let (api, project) = self.find(&target)?;
                unset(&api, &project, &names, if_revision, console)
            }
            Command::Forget(Forget::Variable { name, target }) => {
                let (api, project) = self.find(&target)?;
                forget::variable(&api, &project, &name, console)
            }
            Command::Forget(Forget::Device { name, target }) => {
                let (api, project) = self.find(&target)?;
                forget::device(&api, &project, &name, console)
            }
            Command::Declarations(what) => self.declarations(&what, console),
            Command::Logs(arguments) => self.logs(arguments, console),
            Command::Tail(arguments) => self.tail(arguments, console),
            Command::Patterns(arguments) => self.patterns(arguments, console),
            Command::Export(arguments) => self.export(arguments, console),
            Command::Completions { shell } => completions(shell, program, console),
        }
    }

    fn api(&self, transport: &Transport) -> Result<Api, Error> {
        Ok(Api::new(Endpoint::find(&self.environment, transport.insecure)?))
    }

    fn find(&self, target: &Target) -> Result<(Api, Project), Error> {
        let api = self.api(&target.transport)?;
        let project = projects::find(&api, target.project.as_deref())?;
        Ok((api, project))
    }

    fn login(&self, arguments: LoginArguments, console: &mut Console) -> Result<(), Error> {
        let url = arguments.url.map(|url| ServerUrl::parse(&url)).transpose();
        let url = url.map_err(|why| Error::Usage(why.to_string()))?;
        let LoginArguments { token_stdin, transport, .. } = arguments;
        Login { url, token_from_stdin: token_stdin, insecure: transport.insecure }
            .run(&self.environment, console)
    }

    fn set(&self, arguments: &SetArguments, console: &mut Console) -> Result<(), Error> {
        let (api, project) = self.find(&arguments.target)?;
        let SetArguments { if_revision, again, wait, .. } = *arguments;
        let how = How { if_revision, again, wait: wait.map(Duration::from_secs) };
        set::set(&api, &project, &arguments.assignments, &how, console)
    }

    fn declarations(&self, what: &Declarations, console: &mut Console) -> Result<(), Error> {
        match what {
            Declarations::List { json, target } => {
                let (api, project) = self.find(target)?;
                declarations::list(&api, &project, *json, console)
            }
            Declarations::Freeze { target } => {
                let (api, project) = self.find(target)?;
                declarations::freeze(&api, &project, true, console)
            }
            Declarations::Unfreeze { target } => {
                let (api, project) = self.find(target)?;
                declarations::freeze(&api, &project, false, console)
            }
            Declarations::Consent(which) => self.decide(Decision::Consent, which, console),
            Declarations::Dismiss(which) => self.decide(Decision::Dismiss, which, console),
        }
    }

    fn decide(
        &self,
        decision: Decision,
        which: &DecisionArguments,
        console: &mut Console,
    ) -> Result<(), Error> {
        let (api, project) = self.find(&which.target)?;
        let which = (which.name.as_str(), which.device.as_deref());
        declarations::decide(&api, &project, decision, which, console)
    }

    fn logs(&self, arguments: LogsArguments, console: &mut Console) -> Result<(), Error> {
        let LogsArguments { from, to, limit, order, format, follow, context, target, filter } = arguments;
        let wanted = Wanted { filter: log_filter(&filter)?, from, to, order };
        let limit = usize::try_from(limit).expect("the range of the argument fits");
        if context.is_some() && (format == LineFormat::Csv || limit > MAX_WITH_CONTEXT) {
            let why = format!("--context is for at most {MAX_WITH_CONTEXT} lines, as text or JSON");
            return Err(Error::Usage(why));
        }
        let (api, project) = self.find(&target)?;
        logs::show(&api, &project, &Logs { wanted, limit, format, follow, context }, console)
    }

    fn tail(&self, arguments: TailArguments, console: &mut Console) -> Result<(), Error> {
        let filter = log_filter(&arguments.filter)?;
        let (api, project) = self.find(&arguments.target)?;
        let lines = usize::try_from(arguments.lines).expect("the range of the argument fits");
        tail::follow(&api, &project, &Tail { filter, lines, json: arguments.json }, console)
    }

    fn patterns(&self, arguments: PatternsArguments, console: &mut Console) -> Result<(), Error> {
        let filter = log_filter(&arguments.filter)?;
        let (api, project) = self.find(&arguments.target)?;
        let PatternsArguments { level, from, to, json, .. } = arguments;
        patterns::list(&api, &project, &Part { filter, level, from, to }, json, console)
    }

    fn export(&self, arguments: ExportArguments, console: &mut Console) -> Result<(), Error> {
        let filter = log_filter(&arguments.filter)?;
        let ExportArguments { what, format, output: file, target, from, to, order, .. } = arguments;
        let is_part = !filter.is_empty() || from.is_some() || to.is_some() || order.is_some();
        if what == What::Audit && is_part {
            return Err(Error::Usage(
                "only log lines can be filtered; the audit trail is exported in full".to_owned(),
            ));
        }
        let (api, project) = self.find(&target)?;
        let wanted = Wanted { filter, from, to, order };
        Export { what, wanted, format, file }.run(&api, &project, self.unfinished, console)
    }
}

/// Joins the words to a filter, and checks it before any request.
fn log_filter(words: &[String]) -> Result<String, Error> {
    let filter = words.join(" ");
    match Filter::parse(&filter) {
        Ok(_) => Ok(filter),
        Err(fault) => {
            let wrong = visible(filter.get(fault.start..fault.end).unwrap_or_default());
            Err(Error::Usage(format!("the filter is invalid at `{wrong}`: {fault}")))
        }
    }
}

fn completions(shell: Shell, mut program: clap::Command, console: &mut Console) -> Result<(), Error> {
    let mut script = Vec::new();
    let name = program.get_name().to_owned();
    clap_complete::generate(shell, &mut program, name, &mut script);
    console.out.write_all(&script)?;
    Ok(console.out.flush()?)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};

    use super::*;
    use crate::{console::tests::captured, testing::Variables};

    #[derive(Debug, Parser)]
    #[command(name = "observerio")]
    struct Program {
        #[command(subcommand)]
        command: Command,
    }

    fn run(arguments: &[&str]) -> (Result<(), Error>, String) {
        let program = Program::try_parse_from([&["observerio"], arguments].concat()).unwrap();
        let variables = Variables::new(&[("HOME", "/nowhere")]);
        let unfinished = Unfinished::default();
        let context = Context { environment: variables.environment(), unfinished: &unfinished };
        let (mut console, output) = captured();
        (context.run(program.command, Program::command(), &mut console), output.text())
    }

    #[test]
    fn the_commands_are_well_formed() {
        Program::command().debug_assert();
    }

    #[test]
    fn wrong_command_lines_are_refused_by_the_parser() {
        for arguments in [
            &["set"][..],
            &["set", "speed"],
            &["set", "speed=1", "--wait", "0"],
            &["set", "speed=1", "--if-revision", "-1"],
            &["unset"],
            &["forget"],
            &["forget", "speed"],
            &["forget", "variable"],
            &["forget", "device", "phone", "tablet"],
            &["declarations"],
            &["declarations", "thaw"],
            &["declarations", "consent"],
            &["declarations", "dismiss", "speed", "--device"],
            &["tail", "-n", "10001"],
            &["logs", "--from", "yesterday"],
            &["logs", "--limit", "0"],
            &["logs", "--order", "random"],
            &["logs", "--follow", "--to", "5m"],
            &["logs", "--follow", "--order", "oldest"],
            &["logs", "--context", "201"],
            &["export", "logs", "--from", "noon"],
            &["patterns", "--level", "loud"],
            &["export"],
            &["export", "everything"],
            &["completions", "tcsh"],
        ] {
            assert!(Program::try_parse_from([&["observerio"], arguments].concat()).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn what_only_we_know_to_be_wrong_is_a_wrong_command_line_too() {
        for arguments in [
            &["tail", "level>=loud"][..],
            &["patterns", "level>=loud"],
            &["tail", "a", "\"b"],
            &["logs", "level:loud"],
            &["logs", "--context", "3", "--format", "csv"],
            &["logs", "--context", "3", "--limit", "1001"],
            &["export", "audit", "--from", "5m"],
            &["export", "logs", "level:loud"],
            &["export", "audit", "boss"],
            &["login", "obs_hunter2"],
            &["login", "http://ana:hunter2@localhost"],
        ] {
            let refused = run(arguments).0.unwrap_err();
            assert!(
                refused.status() == 2 && !refused.to_string().contains("hunter2"),
                "{arguments:?}: {refused}"
            );
        }
    }

    #[test]
    fn what_is_wrong_in_a_filter_is_shown() {
        let refused = run(&["tail", "Café", "hp<ten", "boss"]).0.unwrap_err().to_string();
        assert!(refused.contains("at `hp<ten`: ") && refused.contains("hp<10"), "{refused}");
        assert!(!refused.contains('\n'), "{refused}");
    }

    #[test]
    fn who_is_not_signed_in_is_told_how_to() {
        for arguments in [
            &["projects"][..],
            &["vars"],
            &["set", "a=1"],
            &["unset", "a"],
            &["forget", "variable", "a"],
            &["forget", "device", "a"],
            &["declarations", "list"],
            &["declarations", "freeze"],
            &["declarations", "consent", "a"],
            &["tail"],
            &["logs", "--since", "5m"],
            &["patterns"],
            &["export", "logs"],
        ] {
            let refused = run(arguments).0.unwrap_err();
            assert!(
                refused.status() == 77 && refused.to_string().contains("observerio login"),
                "{arguments:?}"
            );
        }
    }

    #[test]
    fn completions_know_the_commands() {
        for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
            let (result, script) = run(&["completions", shell]);
            result.unwrap();
            assert!(script.contains("export") && script.contains("if-revision"), "{shell}");
        }
    }
}
