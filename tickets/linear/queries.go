package linear

// The documents this tracker sends, each valid against Linear's public schema.
// Pages are of at most 250, which no team's workflow comes near.
const (
	// placeQuery finds what the settings name.
	placeQuery = `query Place($team: TeamFilter!, $labels: IssueLabelFilter, $users: UserFilter, $projects: ProjectFilter, $teamOfProject: TeamFilter, $withStates: Boolean!, $withLabels: Boolean!, $withAssignee: Boolean!, $withProject: Boolean!) {
  viewer { id }
  teams(filter: $team, first: 2) { nodes { id states(first: 250) @include(if: $withStates) { nodes { id name type position } } } }
  issueLabels(filter: $labels, first: 50) @include(if: $withLabels) { nodes { id name isGroup team { id } } }
  users(filter: $users, first: 2) @include(if: $withAssignee) { nodes { id } }
  projects(filter: $projects, first: 2) @include(if: $withProject) { nodes { id teams(filter: $teamOfProject, first: 1) { nodes { id } } } }
}`

	issueQuery = `query Issue($id: String!) {
  issue(id: $id) { id url trashed archivedAt state { type } }
}`

	// boardQuery is issueQuery and the states the issue can be in.
	boardQuery = `query Board($id: String!) {
  issue(id: $id) { id url trashed archivedAt state { type } team { states(first: 250) { nodes { id name type position } } } }
}`

	commentQuery = `query Comment($id: String!) {
  comment(id: $id) { id }
}`

	createIssue = `mutation CreateIssue($input: IssueCreateInput!) {
  issueCreate(input: $input) { success issue { id url } }
}`

	updateIssue = `mutation UpdateIssue($id: String!, $input: IssueUpdateInput!) {
  issueUpdate(id: $id, input: $input) { success }
}`

	unarchiveIssue = `mutation UnarchiveIssue($id: String!) {
  issueUnarchive(id: $id) { success }
}`

	createComment = `mutation CreateComment($input: CommentCreateInput!) {
  commentCreate(input: $input) { success }
}`
)
