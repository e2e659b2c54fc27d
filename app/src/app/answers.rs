//! What the background has done since the last frame, taken into the state.

use microtome_core::sample::Leakage;

use super::App;
use crate::background::{Choice, Exported, Opened, Opening, Saved, Writer};
use crate::command::Command;
use crate::settings::Settings;
use crate::state::{Arrangement, Effect, LogLevel, OpenData, Session};

/// Leaks between training and validation that are said one by one; the pane Sampling lists all.
const SAID: usize = 3;

impl App {
    /// Takes in what opener, dialogs and settings writer have done.
    pub(super) fn take_answers(&mut self) {
        if let Some(opened) = self.opener.poll() {
            self.opened(opened);
        }
        if let Some(found) = self.finder.poll() {
            self.state.attach.found = Some(found);
        }
        if let Some(saved) = self.saver.poll() {
            self.saved(saved);
        }
        if let Some(exported) = self.exporter.poll() {
            self.exported(exported);
        }
        self.state.export.running = self.exporter.running();
        match self.dialogs.poll() {
            Some(Choice::Open(start)) => self.run(Command::Open(start)),
            Some(Choice::Unavailable) => {
                self.state.say(LogLevel::Info, "this desktop shows no file dialog; type or paste the path instead");
                self.state.path_field_open = true;
            }
            Some(Choice::Cancelled) | None => {}
        }
        if let Some(failure) = self.writer.as_ref().and_then(Writer::take_failure) {
            self.state.say(LogLevel::Warning, failure);
        }
    }

    fn saved(&mut self, saved: Saved) {
        let Saved { file, result } = saved;
        match (result, &mut self.state.session) {
            (Ok(written), Session::Open(data)) => {
                data.draft.saved_as(file.clone(), written);
                data.source = crate::Start::Config(file.clone());
                Settings::remember(&mut self.state.recent, &file);
                self.state.say(LogLevel::Info, format!("saved {}", file.display()));
            }
            (Ok(_), _) => {}
            (Err(message), _) => self.state.say(LogLevel::Error, format!("not saved: {message}")),
        }
    }

    fn exported(&mut self, exported: Exported) {
        let path = exported.path.display();
        match exported.result {
            Ok(true) => self.state.say(LogLevel::Info, format!("exported {path}")),
            Ok(false) => self.state.say(LogLevel::Warning, format!("broken off, nothing was written: {path}")),
            Err(message) => self.state.say(LogLevel::Error, format!("not exported: {message}")),
        }
    }

    /// Keeps what leaks between training and validation, and says the first of it.
    fn take_leakage(&mut self, data: &mut OpenData, leakage: Result<Leakage, String>) {
        match leakage {
            Ok(leakage) => data.leakage = leakage,
            Err(reason) => {
                let words = format!("whether training and validation are apart is not known: {reason}");
                self.state.say(LogLevel::Warning, words);
            }
        }
        for sentence in data.leakage.sentences().take(SAID) {
            self.state.say(LogLevel::Warning, format!("leakage: {sentence}"));
        }
    }

    fn opened(&mut self, opened: Opened) {
        let Opened { source, path, result } = opened;
        match result {
            Ok(Opening { catalog, config, leakage, notes }) => {
                for note in notes {
                    self.state.say(LogLevel::Warning, format!("taken over: {note}"));
                }
                for warning in &catalog.warnings {
                    self.state.say(LogLevel::Warning, warning.clone());
                }
                self.state.say(LogLevel::Info, format!("opened {}", path.display()));
                Settings::remember(&mut self.state.recent, &path);
                let mut data = OpenData::new(source, catalog, config);
                self.take_leakage(&mut data, leakage);
                self.state.display.forget_dataset(data.hidden_at_first());
                self.state.display.auto_contrast_pending = true;
                self.state.display.color_by_object = data.dataset().is_some_and(|set| set.class_names().len() == 1);
                self.state.session = Session::Open(Box::new(data));
                if self.state.views.arrangement == Arrangement::Datasets {
                    self.state.arrange(Arrangement::Four);
                }
                self.state.views.begin_dataset();
                self.state.views.fit_pending = true;
                // Where no slice is on the screen to be fitted, the readout says what is in the middle, too.
                if let Some(bounds) = self.state.session.open().and_then(|data| data.bounds()) {
                    self.state.views.cursor_nm = bounds.center_nm();
                }
                if self.run_loader {
                    self.state.effects.push(Effect::StartLoader);
                }
            }
            Err(message) => {
                self.state.say(LogLevel::Error, message.clone());
                self.state.session = Session::Failed { path, message };
            }
        }
    }
}
