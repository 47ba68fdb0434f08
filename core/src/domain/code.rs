//! The code lists: stable words, stored in entries and translated by whoever shows them. Knows no sentence in any
//! language.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] #[serde(rename = $text)] $variant),*
        }

        impl $name {
            /// Every code of the list, in its order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )* };
}

codes! {
    /// What a member of staff may do stands on her role.
    Role {
        Nurse = "nurse", Doula = "doula", Coordinator = "coordinator", Assistant = "assistant",
        Provider = "provider", Supervisor = "supervisor", Administrator = "administrator", Partner = "partner",
    }
    /// How the patient meets the practice.
    Mode { InPerson = "in_person", Phone = "phone", Portal = "portal", Coordinator = "coordinator", Written = "written" }
    /// Where an encounter takes place.
    Setting { Clinic = "clinic", Home = "home", PhoneVisit = "phone_visit", Telehealth = "telehealth", Group = "group" }
    /// What signal there was.
    Signal { Data = "data", VoiceOnly = "voice_only", None = "none" }
    /// A screening instrument.
    Instrument {
        Epds = "epds", Phq2 = "phq2", Phq9 = "phq9", Gad7 = "gad7", Pass = "pass", AuditC = "audit_c",
        CssrsScreener = "cssrs_screener",
    }
    /// How a screen was filled in.
    ScreenMode { Own = "self", Interview = "interview", PaperTranscribed = "paper_transcribed", Imported = "imported" }
    /// What everybody on a record may know of a screen's total.
    ScreenResult { Positive = "positive", Negative = "negative", Incomplete = "incomplete" }
    /// What everybody on a record may know of a screen's self-harm item.
    SelfHarm { Yes = "yes", No = "no", Unanswered = "unanswered", Unavailable = "unavailable" }
    /// Why a need is seen.
    NeedBasis { Screen = "screen", Judgement = "judgement", PatientRequest = "patient_request" }
    /// What kind of help.
    NeedKind {
        Therapy = "therapy", Psychiatry = "psychiatry", Peer = "peer", Sud = "sud",
        CrisisFollowup = "crisis_followup", Other = "other",
    }
    /// How soon.
    Urgency { Routine = "routine", Soon = "soon", Urgent = "urgent" }
    /// What the patient decided.
    DecisionValue {
        Agreed = "agreed", Hesitant = "hesitant", NotToday = "not_today", DoNotAskAgain = "do_not_ask_again",
        Withdrew = "withdrew",
    }
    /// Why, in a chip.
    DecisionReason {
        NotNeededNow = "not_needed_now", NeedsTime = "needs_time", WantsToAskFamily = "wants_to_ask_family",
        WorriedWhoFindsOut = "worried_who_finds_out", WorriedAboutBabyRemoval = "worried_about_baby_removal",
        Cost = "cost", NoTime = "no_time", BadPastExperience = "bad_past_experience",
        AlreadyHasHelp = "already_has_help", PrefersOtherSupport = "prefers_other_support",
        MedicationWorry = "medication_worry", PrefersNotToSay = "prefers_not_to_say", Other = "other",
    }
    /// With whom contact was sought.
    ContactWith { Partner = "partner", Patient = "patient", OnCallClinician = "on_call_clinician" }
    /// On what ground.
    ContactBasis { Agreed = "agreed", PatientCalls = "patient_calls", Emergency = "emergency" }
    /// Who reached for whom.
    Direction {
        ToPartner = "to_partner", FromPartner = "from_partner", PartnerToPatient = "partner_to_patient",
        ToPatient = "to_patient", FromPatient = "from_patient",
    }
    /// By what means.
    Channel { Voice = "voice", Video = "video", InPerson = "in_person", Text = "text", Email = "email", Portal = "portal", Mail = "mail" }
    /// What came of an attempt.
    ContactOutcome {
        SpokeDirectly = "spoke_directly", SpokeStaffOnly = "spoke_staff_only", LeftVoicemail = "left_voicemail",
        NoAnswer = "no_answer", Busy = "busy", WrongNumber = "wrong_number", PartnerNoCapacity = "partner_no_capacity",
        PartnerOutOfScope = "partner_out_of_scope", QueuedNotSent = "queued_not_sent", Disconnected = "disconnected",
    }
    /// What the next step is.
    StepKind {
        PartnerCallback = "partner_callback", OurCallback = "our_callback", ThreeWayCall = "three_way_call",
        WalkIn = "walk_in", RevisitCall = "revisit_call",
    }
    /// How a visit takes place.
    Modality { InPerson = "in_person", Video = "video", Phone = "phone" }
    /// Who made or cancelled a booking.
    BookedBy { Staff = "staff", Patient = "patient", Partner = "partner" }
    /// Where an appointment stands.
    AppointmentStatus {
        Proposed = "proposed", Booked = "booked", Arrived = "arrived", Attended = "attended", NoShow = "no_show",
        Cancelled = "cancelled", Superseded = "superseded", OutcomeDisputed = "outcome_disputed",
    }
    /// What became of a visit.
    OutcomeValue {
        Attended = "attended", NoShow = "no_show", CancelledPatient = "cancelled_patient",
        CancelledPartner = "cancelled_partner", Rescheduled = "rescheduled", Unknown = "unknown",
    }
    /// Who says so.
    OutcomeSource { Partner = "partner", Patient = "patient", Portal = "portal" }
    /// What a member of staff worries about. None of these is a diagnosis.
    SafetyReason {
        SelfHarmItem = "self_harm_item", StaffConcern = "staff_concern", HarmToBaby = "harm_to_baby",
        SeeingHearing = "seeing_hearing", NoSleepHighEnergy = "no_sleep_high_energy", Violence = "violence",
        Overdose = "overdose", PatientSaid = "patient_said", PartnerReport = "partner_report",
    }
    /// What stands in the way of the visit.
    BarrierKind {
        Transport = "transport", Childcare = "childcare", CostInsurance = "cost_insurance", TimeWork = "time_work",
        PhoneData = "phone_data", PrivateSpace = "private_space", Language = "language",
        ImmigrationWorry = "immigration_worry", ChildWelfareWorry = "child_welfare_worry",
        PartnerFamily = "partner_family", Stigma = "stigma", PastBadExperience = "past_bad_experience",
        SymptomsEnergy = "symptoms_energy", DisabilityAccess = "disability_access", ProviderFit = "provider_fit",
        Waitlist = "waitlist", Other = "other",
    }
    /// What is done about it.
    BarrierStatus { Open = "open", Planned = "planned", Resolved = "resolved", Accepted = "accepted" }
    /// What may be passed on to a practice, piece by piece.
    ShareKind {
        Name = "name", Callback = "callback", Language = "language", ContactRule = "contact_rule", Reason = "reason",
        BornOn = "born_on", Scores = "scores", AlcoholDrug = "alcohol_drug", Violence = "violence",
        Immigration = "immigration", PartnerDetails = "partner_details", Safety = "safety", Notes = "notes",
    }
    /// What she wants done with a piece.
    ShareChoice { Share = "share", Withhold = "withhold", AskFirst = "ask_first" }
    /// What kind of consent.
    ConsentKind {
        HipaaAuthorization = "hipaa_authorization", Part2Tpo = "part2_tpo", Part2Specific = "part2_specific",
        SudCounsellingNotes = "sud_counselling_notes", StateMh = "state_mh", VerbalAgreement = "verbal_agreement",
    }
    /// Where a consent stands.
    ConsentStatus { Active = "active", Revoked = "revoked", Superseded = "superseded", Disputed = "disputed" }
    /// By what means a referral travels.
    Transport { Portal = "portal", Fhir = "fhir", Direct = "direct", FaxManual = "fax_manual" }
    /// Who went through it again with staff.
    VerifiedBy { Patient = "patient", Family = "family" }
    /// Who else is there.
    FamilyPresent {
        None = "none", Partner = "partner", Parent = "parent", Other = "other", ChildrenOnly = "children_only",
    }
    /// Why a practice declined.
    DeclineReason {
        NoCapacity = "no_capacity", OutOfScope = "out_of_scope", Insurance = "insurance", Language = "language",
        CouldNotReach = "could_not_reach", Other = "other",
    }
    /// Does a practice take new patients?
    Accepting { Yes = "yes", Wait = "wait", No = "no" }
    /// Who pays for her care.
    PayerType {
        Medicaid = "medicaid", Medicare = "medicare", Private = "private", Military = "military",
        Uninsured = "uninsured", Other = "other",
    }
    /// As she says herself; several may be.
    RaceEthnicity {
        AmericanIndianAlaskaNative = "american_indian_alaska_native", Asian = "asian", Black = "black",
        Hispanic = "hispanic", MiddleEasternNorthAfrican = "middle_eastern_north_african",
        PacificIslander = "pacific_islander", White = "white", Other = "other",
    }
    /// Where she lives.
    Area { Rural = "rural", Urban = "urban" }
    /// The moment in which a script is said.
    ScriptStage {
        Offer = "offer", Sharing = "sharing", Barriers = "barriers", Intake = "intake", Verify = "verify",
        NotToday = "not_today", Revisit = "revisit", Close = "close",
    }
    /// Whom a button of the safety panel calls.
    SafetyCall { Emergency911 = "911", Lifeline988 = "988", OnCall = "on_call", MaternalHotline = "maternal_hotline" }
    /// How a flag was handed over.
    HandedHow { InPerson = "in_person", Phone = "phone" }
    /// Where a safety flag stands.
    FlagStatus { Open = "open", Handed = "handed", Assessing = "assessing", Resolved = "resolved", EnteredInError = "entered_in_error" }
    /// Why a loop was closed.
    CloseReason {
        Attended = "attended", PatientChoice = "patient_choice", TransferredOut = "transferred_out",
        AlreadyInCare = "already_in_care", Unreachable = "unreachable", Duplicate = "duplicate",
        EnteredInError = "entered_in_error", DeceasedOrIneligible = "deceased_or_ineligible",
    }
    /// What two people, who could not see each other's work, left for a person to decide.
    ReviewKind {
        TwoBooked = "two_booked", DecisionDisputed = "decision_disputed", ConsentDisputed = "consent_disputed",
        SharingNarrowed = "sharing_narrowed", ContactRuleDisputed = "contact_rule_disputed", TwoNumbers = "two_numbers",
        DuplicateScreen = "duplicate_screen", ScreenVersions = "screen_versions", OutcomeDisputed = "outcome_disputed",
        SamePerson = "same_person", VoidDisputed = "void_disputed", TwoValues = "two_values",
    }
    /// What somebody has to know though nothing is asked of her.
    AlertKind { NewConcern = "new_concern", SentBeforeRevocation = "sent_before_revocation" }
    /// What is to be done, derived from entries.
    TaskKind {
        Reminder = "reminder", AttendanceCheck = "attendance_check", NoShowRescue = "no_show_rescue",
        RetryCall = "retry_call", Revisit = "revisit", CallOtherPartner = "call_other_partner",
        PromiseMissed = "promise_missed", NextStep = "next_step", NextDay = "next_day", SafetyNextDay = "safety_next_day",
        TryNextPartner = "try_next_partner", SafetyAck = "safety_ack", Unplanned = "unplanned", Rebook = "rebook",
        SendReferral = "send_referral", NothingPlanned = "nothing_planned",
    }
    /// Grade of an encounter: W3 spoke and booked, W2 one of the two, W1 a dated step with a contact, W0 neither.
    Grade { W0 = "W0", W1 = "W1", W2 = "W2", W3 = "W3" }
    /// What the leave-check says. It informs and never blocks leaving.
    LeaveCheck { Pass = "PASS", Fail = "FAIL", Pending = "pending", NotApplicable = "NA" }
    /// Where the handoff stands, in one word.
    Stage {
        Safety = "safety", NeedsAPerson = "needs_a_person", Closed = "closed", Attended = "attended",
        MissedVisit = "missed_visit", Booked = "booked", NextStepSet = "next_step_set",
        StoppedAtHerWish = "stopped_at_her_wish", Connecting = "connecting", NotToday = "not_today",
        Offered = "offered", Identified = "identified", Opened = "opened",
    }
    /// The decision as all that is known has it.
    DecisionState {
        NotOffered = "not_offered", Offered = "offered", Hesitant = "hesitant", NotToday = "not_today",
        Agreed = "agreed", DoNotAskAgain = "do_not_ask_again", Withdrew = "withdrew", Disputed = "disputed",
    }
    /// What kind of document.
    DocumentKind { Record = "record", Screens = "screens", Sud = "sud", Partner = "partner" }
    /// What kind of device.
    DeviceKind { Phone = "phone", Tablet = "tablet", Web = "web" }
}

impl FlagStatus {
    /// Does somebody still have to look after it?
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::EnteredInError)
    }
}

impl ContactOutcome {
    /// Did the practice say that it does not take her?
    pub fn refuses(self) -> bool {
        matches!(self, Self::PartnerNoCapacity | Self::PartnerOutOfScope)
    }
}

impl OutcomeValue {
    /// Does it say that the visit did not take place because somebody had called it off?
    pub fn calls_off(self) -> bool {
        matches!(
            self,
            Self::CancelledPatient | Self::CancelledPartner | Self::Rescheduled
        )
    }
}

impl StepKind {
    /// Is it with a practice? The rest is between her and us.
    pub fn is_with_a_practice(self) -> bool {
        !matches!(self, Self::OurCallback | Self::RevisitCall)
    }
}

impl NeedKind {
    /// The piece that it tells besides the general reason: only who is told that may be told this need.
    pub fn tells(self) -> Option<ShareKind> {
        match self {
            Self::Sud => Some(ShareKind::AlcoholDrug),
            Self::CrisisFollowup => Some(ShareKind::Safety),
            Self::Therapy | Self::Psychiatry | Self::Peer | Self::Other => None,
        }
    }
}

impl ConsentKind {
    /// Does it need the fields of a written consent?
    pub fn is_written(self) -> bool {
        self != Self::VerbalAgreement
    }

    /// Does it allow what tells of alcohol or drugs to be passed on?
    pub fn covers_substance_use(self) -> bool {
        matches!(self, Self::Part2Tpo | Self::Part2Specific)
    }
}

impl ShareKind {
    /// What is shared unless she says otherwise: who she is and how to reach her, and why in a word.
    pub fn is_shared_by_default(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Callback | Self::Language | Self::ContactRule | Self::Reason
        )
    }
}
