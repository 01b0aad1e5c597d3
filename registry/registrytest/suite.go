// Package registrytest is the conformance suite of registries: what a
// [registry.Store] promises, asked of a real one.
package registrytest

import (
	"testing"

	"github.com/keyturn/keyturn/registry"
)

// Run asks a store every question of the suite. open returns an empty store
// that the suite may fill; it closes what it opened through t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) registry.Store) {
	for _, question := range []struct {
		name string
		ask  func(*testing.T, registry.Store)
	}{
		{"GetUnknown", getUnknown},
		{"SaveAndGet", saveAndGet},
		{"EveryFieldSurvives", everyFieldSurvives},
		{"NoSecretTypes", noSecretTypes},
		{"StaleRevisionIsRefused", staleRevision},
		{"SameEventTwiceIsOnce", sameEventTwice},
		{"SameEventConcurrentlyIsOnce", sameEventConcurrently},
		{"EventOfAnotherKeyIsRefused", eventOfAnotherKey},
		{"BadChangesAreRefused", badChanges},
		{"ConcurrentChangesLoseNothing", concurrentChanges},
		{"StorePathIsUnique", uniquePath},
		{"ExclusiveIntents", exclusiveIntents},
		{"SaveAll", saveAll},
		{"SaveAllIsAllOrNothing", saveAllOrNothing},
		{"SaveAllInOrder", saveAllInOrder},
		{"ConcurrentSaveAllsLoseNothing", concurrentSaveAlls},
		{"Filters", filters},
		{"FilterTicket", filterTicket},
		{"FilterPathPrefix", filterPathPrefix},
		{"FilterStoredIn", filterStoredIn},
		{"FilterPermission", filterPermission},
		{"RetiredKeys", retiredKeys},
		{"IDOrder", idOrder},
		{"Pages", pages},
		{"PagesWhileKeysChange", pagesWhileKeysChange},
		{"NothingIsHeldWhileIterating", nothingHeld},
		{"History", history},
		{"LongHistory", longHistory},
		{"NoticesOfASave", noticesOfASave},
		{"SameEventTwiceIsToldOnce", sameEventToldOnce},
		{"RefusedSaveLeavesNoNotice", refusedSaveNoNotice},
		{"NoticesGoToTheOwnerOfToday", noticesOfToday},
		{"NoticesInOrder", noticesInOrder},
		{"ClaimsEndWithTheirLease", claimsEnd},
		{"DeferredNotices", deferredNotices},
		{"SettledNotices", settledNotices},
		{"DroppedNotices", droppedNotices},
		{"ClaimsAtOnceShareNothing", claimsAtOnce},
		{"ClaimsAtOnceGoToOne", claimsWhole},
		{"BadClaimsAreRefused", badClaims},
		{"CalendarRules", calendarRules},
		{"CalendarRulesSurvive", calendarRulesSurvive},
		{"CalendarRuleTwice", calendarRuleTwice},
		{"CalendarRulesThatAreOver", calendarRulesOver},
		{"BadCalendarRulesAreRefused", badCalendarRules},
		{"Deliveries", deliveries},
		{"DeliveriesAreForgotten", deliveriesForgotten},
		{"BadDeliveriesAreRefused", badDeliveries},
		{"AccountsInOrder", accountsInOrder},
		{"AccountsDue", accountsDue},
		{"AccountsRunning", accountsRunning},
		{"OutcomesOfASave", outcomesOfASave},
		{"SameEventTwiceIsOneOutcome", outcomesOnce},
		{"OutcomesOfADay", outcomesOfADay},
		{"OutcomesAreForgotten", outcomesForgotten},
		{"DueInOrder", dueInOrder},
		{"DuePages", duePages},
		{"DueWhileKeysChange", dueWhileKeysChange},
		{"Served", served},
		{"BadServesAreRefused", badServes},
		{"Pauses", pauses},
		{"Resumed", resumed},
		{"BadPausesAreRefused", badPauses},
		{"AddedBatch", addedBatch},
		{"BadBatchesAreRefused", refusedBatches},
		{"BatchesOfOneIDAtOnce", batchesOfOneID},
		{"LastBatches", lastBatches},
		{"MarkedKeys", markedKeys},
		{"MarkedTransitions", markedTransitions},
		{"BadMarksAreRefused", refusedMarks},
		{"MarksAtOnce", marksAtOnce},
		{"BatchPages", batchPages},
		{"BatchProgressInOrder", progressInOrder},
		{"SavesMoveABatch", savesMoveABatch},
		{"SavesOfAStrangeBatch", savesOfAStrangeBatch},
		{"SavesAfterAnEnd", savesAfterAnEnd},
		{"MarksAndSavesAtOnceLoseNothing", marksAndSavesAtOnce},
		{"Findings", findingsLive},
		{"SettledFindings", settledFindings},
		{"FindingsReportedTwice", reportedTwice},
		{"BadFindingsAreRefused", badFindings},
		{"FindingsAtOnceAreCountedOnce", findingsAtOnce},
		{"FindingFilters", findingFilters},
		{"FindingPages", findingPages},
		{"CancelledContext", cancelledContext},
		{"Ping", ping},
		{"ClosedStore", closedStore},
	} {
		t.Run(question.name, func(t *testing.T) {
			t.Parallel()
			question.ask(t, open(t))
		})
	}
}
