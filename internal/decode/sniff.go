package decode

import (
	"strings"

	"github.com/entrawatch/entrawatch/internal/event"
)

// A mark is an outermost key that helps to tell records apart.
type mark uint64

const (
	mProperties mark = 1 << iota // an object, or text that may hold one
	mTime
	mResourceID
	mOperationName   // a string
	mOperationObject // operationName or operation_name, an object
	mWorkload
	mOperation
	mCreationTime
	mAuditData
	mTimeGenerated
	mCreatedDateTime
	mStatusObject
	mStatus
	mActivityName
	mInitiatedBy
	mRiskEventType
	mDetected
	mRiskUpdated
	mRiskLevel
	mEventTimestamp
	mUPN
	mAccountEnabled
	mRoleDefinition
	mPrincipal
	mRegistration
	mGrantControls
	mConditions
	mAppID
	mAppObject
	mServicePrincipal
	mGroup
	mRoleObject
	mLocationObject
	mProvisioning
	mActivityValue // Azure Activity in Log Analytics
	mGraphActivity
	mOffice
	mLoggedBy
	mIP
	mApp
	mActivityTime
	mCategoryObject
	mUserType
	mMail
	mRiskUser
	mReview
	mNext // a page that names the one behind it
)

// A sniff is what the outermost keys of a record said. Offsets are of values
// within the record's text, plus one, so that the zero value means absent.
type sniff struct {
	marks                      mark
	base                       int // where the record begins in the data scanned
	category, typ, record, ctx int
}

// markOf lists the keys that set a mark whatever their value.
var markOf = map[string]mark{
	"time": mTime, "resourceid": mResourceID, "workload": mWorkload, "operation": mOperation,
	"creationtime": mCreationTime, "auditdata": mAuditData, "timegenerated": mTimeGenerated,
	"createddatetime": mCreatedDateTime, "activitydisplayname": mActivityName, "initiatedby": mInitiatedBy,
	"riskeventtype": mRiskEventType, "risktype": mRiskEventType, "detecteddatetime": mDetected,
	"risklastupdateddatetime": mRiskUpdated, "risklevel": mRiskLevel,
	"eventtimestamp": mEventTimestamp, "event_timestamp": mEventTimestamp,
	"userprincipalname": mUPN, "accountenabled": mAccountEnabled, "roledefinitionid": mRoleDefinition,
	"principalid": mPrincipal, "ismfaregistered": mRegistration, "methodsregistered": mRegistration,
	"grantcontrols": mGrantControls, "conditions": mConditions, "appid": mAppID,
	"signinaudience": mAppObject, "requiredresourceaccess": mAppObject, "identifieruris": mAppObject,
	"serviceprincipaltype": mServicePrincipal, "serviceprincipalnames": mServicePrincipal,
	"grouptypes": mGroup, "securityenabled": mGroup, "members": mGroup, "isassignabletorole": mGroup,
	"rolepermissions": mRoleObject, "isbuiltin": mRoleObject,
	"ipranges": mLocationObject, "istrusted": mLocationObject, "countriesandregions": mLocationObject,
	"provisioningaction": mProvisioning, "provisioningsteps": mProvisioning, "provisioningstatusinfo": mProvisioning,
	"operationnamevalue": mActivityValue, "activitystatus": mActivityValue, "activitystatusvalue": mActivityValue,
	"eventsubmissiontimestamp": mActivityValue,
	"requesturi":               mGraphActivity, "requestmethod": mGraphActivity,
	"officeworkload": mOffice, "officeobjectid": mOffice, "loggedbyservice": mLoggedBy,
	"ipaddress": mIP, "appdisplayname": mApp, "activitydatetime": mActivityTime,
	"usertype": mUserType, "mail": mMail,
	"descriptionforreviewers": mReview, "instanceenumerationscope": mReview,
	"isprocessing": mRiskUser, "isdeleted": mRiskUser, "riskstate": mRiskUser,
}

// A telling key helps to tell records apart.
type telling struct {
	name  string // lower case
	exact name   // of the usual spelling, which is quicker to compare
	mark  mark
}

// A tellingTable finds telling keys without regard to case and without
// allocating: open addressing over the hashes of names.
type tellingTable [256]telling

// usual lists how diagnostic records spell telling keys.
var usual = []string{"resourceId", "operationName", "createdDateTime", "activityDateTime"}

var telltale = newTellingTable()

// Keys that need their value looked at have the zero mark in the table.
func newTellingTable() *tellingTable {
	t := &tellingTable{}
	add := func(key string, m mark) {
		exact := key
		for _, u := range usual {
			if strings.EqualFold(u, key) {
				exact = u
			}
		}
		k := nameOf([]byte(exact))
		h := uint8(k.hash() >> 56)
		for t[h].name != "" {
			h++
		}
		t[h] = telling{key, k, m}
	}
	for key, m := range markOf {
		add(key, m)
	}
	for _, key := range []string{"category", "type", "recordtype", "@odata.context", "@odata.nextlink", "properties", "operationname", "operation_name", "status"} {
		add(key, 0)
	}
	return t
}

// find returns what a key tells, whose name is given as well, or nil.
func (t *tellingTable) find(key []byte, k name) *telling {
	for h := uint8(k.hash() >> 56); t[h].name != ""; h++ {
		if len(key) == t[h].exact.size && (k == t[h].exact && len(key) <= 16 || fold(key, t[h].name)) {
			return &t[h]
		}
	}
	return nil
}

// key notes one outermost key, if it is telling, and the place of its value.
func (s *sniff) key(t *telling, data []byte, at int) {
	if t == nil {
		return
	}
	if t.mark != 0 {
		s.marks |= t.mark
		return
	}
	c, rel := data[at], at-s.base+1
	switch t.name {
	case "category":
		s.category = rel
		if c == '{' {
			s.marks |= mCategoryObject
		}
	case "type":
		s.typ = rel
	case "recordtype":
		s.record = rel
	case "@odata.context":
		s.ctx = rel
	case "@odata.nextlink":
		if c == '"' {
			s.marks |= mNext
		}
	case "properties":
		if c == '{' || c == '"' {
			s.marks |= mProperties
		}
	case "operationname", "operation_name":
		if c == '{' {
			s.marks |= mOperationObject
		} else {
			s.marks |= mOperationName
		}
	case "status":
		s.marks |= mStatus
		if c == '{' {
			s.marks |= mStatusObject
		}
	}
}

// looks says whether the value of a key is to be looked at later.
func (s *sniff) looks() bool { return s.category|s.typ|s.record|s.ctx != 0 }

func (s *sniff) has(m mark) bool { return s.marks&m == m }
func (s *sniff) any(m mark) bool { return s.marks&m != 0 }

// context returns @odata.context out of the data that was scanned.
func (s *sniff) context(data []byte) string {
	if s.ctx == 0 {
		return ""
	}
	return stringAt(data, s.base+s.ctx-1)
}

// A stream is a diagnostic category or a Log Analytics table.
type stream struct {
	kind event.Kind
	sub  event.Sub
}

// streams lists diagnostic categories and Log Analytics tables in lower case.
// Names of both kinds never clash. Line by line: schemas of the logs.
var streams = map[string]stream{
	"signinlogs":                               {event.Signin, event.Interactive},
	"noninteractiveusersigninlogs":             {event.Signin, event.NonInteractive},
	"aadnoninteractiveusersigninlogs":          {event.Signin, event.NonInteractive},
	"serviceprincipalsigninlogs":               {event.Signin, event.ServicePrincipalSignin},
	"aadserviceprincipalsigninlogs":            {event.Signin, event.ServicePrincipalSignin},
	"microsoftserviceprincipalsigninlogs":      {event.Signin, event.ServicePrincipalSignin},
	"managedidentitysigninlogs":                {event.Signin, event.ManagedIdentity},
	"aadmanagedidentitysigninlogs":             {event.Signin, event.ManagedIdentity},
	"adfssigninlogs":                           {event.Signin, event.ADFS},
	"auditlogs":                                {kind: event.Audit},
	"customsecurityattributeauditlogs":         {kind: event.Audit},
	"provisioninglogs":                         {kind: event.Provisioning},
	"aadprovisioninglogs":                      {kind: event.Provisioning},
	"riskyusers":                               {kind: event.RiskyUser},
	"aadriskyusers":                            {kind: event.RiskyUser},
	"riskyserviceprincipals":                   {kind: event.RiskyUser},
	"aadriskyserviceprincipals":                {kind: event.RiskyUser},
	"riskyagents":                              {kind: event.RiskyUser},
	"userriskevents":                           {kind: event.RiskDetection},
	"aaduserriskevents":                        {kind: event.RiskDetection},
	"serviceprincipalriskevents":               {kind: event.RiskDetection},
	"aadserviceprincipalriskevents":            {kind: event.RiskDetection},
	"agentriskevents":                          {kind: event.RiskDetection},
	"microsoftgraphactivitylogs":               {kind: event.GraphActivity},
	"azureadgraphactivitylogs":                 {kind: event.GraphActivity},
	"aadgraphactivitylogs":                     {kind: event.GraphActivity},
	"auditevent":                               {kind: event.KeyVault},
	"azkvauditlogs":                            {kind: event.KeyVault},
	"azureactivity":                            {kind: event.Activity},
	"administrative":                           {kind: event.Activity},
	"policy":                                   {kind: event.Activity},
	"security":                                 {kind: event.Activity},
	"alert":                                    {kind: event.Activity},
	"resourcehealth":                           {kind: event.Activity},
	"servicehealth":                            {kind: event.Activity},
	"recommendation":                           {kind: event.Activity},
	"autoscale":                                {kind: event.Activity},
	"action":                                   {kind: event.Activity},
	"write":                                    {kind: event.Activity},
	"delete":                                   {kind: event.Activity},
	"officeactivity":                           {kind: event.M365},
	"enrichedoffice365auditlogs":               {kind: event.M365},
	"accountlogon":                             {kind: event.DomainServices},
	"accountmanagement":                        {kind: event.DomainServices},
	"detailtracking":                           {kind: event.DomainServices},
	"directoryserviceaccess":                   {kind: event.DomainServices},
	"logonlogoff":                              {kind: event.DomainServices},
	"objectaccess":                             {kind: event.DomainServices},
	"policychange":                             {kind: event.DomainServices},
	"privilegeuse":                             {kind: event.DomainServices},
	"systemsecurity":                           {kind: event.DomainServices},
	"dnsauditsgeneral":                         {kind: event.DomainServices},
	"dnsauditsdynamicupdates":                  {kind: event.DomainServices},
	"aaddomainservicesaccountlogon":            {kind: event.DomainServices},
	"aaddomainservicesaccountmanagement":       {kind: event.DomainServices},
	"aaddomainservicesdirectoryserviceaccess":  {kind: event.DomainServices},
	"aaddomainserviceslogonlogoff":             {kind: event.DomainServices},
	"aaddomainservicespolicychange":            {kind: event.DomainServices},
	"aaddomainservicesprivilegeuse":            {kind: event.DomainServices},
	"aaddomainservicessystemsecurity":          {kind: event.DomainServices},
	"aaddomainservicesdnsauditsgeneral":        {kind: event.DomainServices},
	"aaddomainservicesdnsauditsdynamicupdates": {kind: event.DomainServices},
}

// contexts lists the ends of @odata.context that name a collection.
var contexts = []struct {
	end    string
	stream stream
}{
	{"auditlogs/signins", stream{event.Signin, event.Interactive}},
	{"auditlogs/directoryaudits", stream{kind: event.Audit}},
	{"auditlogs/provisioning", stream{kind: event.Provisioning}},
	{"identityprotection/riskdetections", stream{kind: event.RiskDetection}},
	{"identityprotection/serviceprincipalriskdetections", stream{kind: event.RiskDetection}},
	{"identityprotection/riskyusers", stream{kind: event.RiskyUser}},
	{"riskyusers/history", stream{kind: event.RiskyUser}},
	{"riskyserviceprincipals/history", stream{kind: event.RiskyUser}},
	{"riskyusers", stream{kind: event.RiskyUser}},
	{"identityprotection/riskyserviceprincipals", stream{kind: event.RiskyUser}},
	{"userregistrationdetails", stream{kind: event.RegistrationDetails}},
	{"rolemanagement/directory/roleassignments", stream{kind: event.RoleAssignment}},
	{"roleassignmentscheduleinstances", stream{kind: event.RoleAssignment}},
	{"roleassignmentschedules", stream{kind: event.RoleAssignment}},
	{"roleeligibilityscheduleinstances", stream{kind: event.RoleAssignment}},
	{"roleeligibilityschedules", stream{kind: event.RoleAssignment}},
	{"roledefinitions", stream{kind: event.RoleDefinition}},
	{"accessreviews/definitions", stream{kind: event.AccessReview}},
	{"accessreviews/definitions/instances", stream{kind: event.AccessReview}},
	{"entrawatch/roleholdings", stream{kind: event.RoleHolding}},
	{"entrawatch/tenantposture", stream{kind: event.TenantPosture}},
	{"entrawatch/redirectdomains", stream{kind: event.RedirectDomain}},
	{"entrawatch/reviewinstances", stream{kind: event.ReviewInstance}},
	{"conditionalaccess/policies", stream{kind: event.ConditionalAccessPolicy}},
	{"conditionalaccess/namedlocations", stream{kind: event.NamedLocation}},
	{"serviceprincipals", stream{kind: event.ServicePrincipal}},
	{"applications", stream{kind: event.Application}},
	{"groups", stream{kind: event.Group}},
	{"users", stream{kind: event.User}},
}

// KindOfContext returns the kind of the objects in a page of Microsoft Graph
// and the name of their collection, which is the same in all its pages.
func KindOfContext(context string) (k event.Kind, collection string, ok bool) {
	st, ok := streamOfContext(context)
	c := strings.ToLower(context[strings.IndexByte(context, '#')+1:])
	// What stands in brackets behind the name are columns, before a slash the
	// object to which the collection belongs.
	owner, own, nested := strings.Cut(c, ")/")
	if !nested {
		own = c
	}
	if i := strings.IndexByte(own, '('); i >= 0 {
		own = own[:i]
	}
	if nested {
		own = owner + ")/" + own
	}
	return st.kind, own, ok
}

func streamOfContext(context string) (stream, bool) {
	if context == "" {
		return stream{}, false
	}
	c := strings.ToLower(context)
	c = c[strings.IndexByte(c, '#')+1:]
	c = strings.TrimSuffix(c, "/$entity")
	// A list of selected columns or a key follows in brackets.
	if i := strings.IndexByte(c, '('); i >= 0 {
		if j := strings.LastIndexByte(c, ')'); j > i {
			c = c[:i] + c[j+1:]
		}
	}
	for _, x := range contexts {
		if strings.HasSuffix(c, x.end) {
			return x.stream, true
		}
	}
	return stream{}, false
}

// A class is what a record is. reason is set when it is nothing that
// entrawatch reads.
type class struct {
	kind   event.Kind
	sub    event.Sub
	format event.Format
	reason string
}

// classify says what a record is.
func classify(r *Rec, data []byte) class {
	k, sub, f, reason := classOf(r, data)
	return class{k, sub, f, reason}
}

func classOf(r *Rec, data []byte) (k event.Kind, sub event.Sub, f event.Format, reason string) {
	s := &r.sniff
	switch {
	case s.any(mOperationObject) || s.any(mEventTimestamp) || s.any(mCategoryObject):
		return event.Activity, 0, event.ResourceManager, ""
	case s.category != 0 && (s.any(mProperties) || s.any(mTime)) && !s.any(mTimeGenerated):
		return classifyDiagnostic(s, data)
	case s.any(mAuditData):
		return event.KindUnknown, 0, event.O365, "" // the caller unwraps it
	case s.has(mOperation | mCreationTime):
		k, sub = officeKind(s, data)
		return k, sub, event.O365, ""
	case s.has(mProperties|mResourceID|mOperationName) && !s.any(mTimeGenerated):
		return event.KindUnknown, 0, event.Diagnostic, "a diagnostic record without category: what log it is from cannot be told"
	case s.any(mActivityName) && s.any(mInitiatedBy) && s.any(mActivityTime|mCreatedDateTime) && !s.any(mTimeGenerated) && s.typ == 0 && !s.any(mOperationName):
		return event.Audit, 0, event.Graph, ""
	case s.any(mTimeGenerated|mActivityValue|mOffice) || s.typ != 0 && knownStream(data, s.typ) || s.category != 0 && knownStream(data, s.category) ||
		s.category != 0 && s.any(mOperationName):
		return classifyRow(s, data)
	}
	return classifyGraph(r, data)
}

func classifyDiagnostic(s *sniff, data []byte) (event.Kind, event.Sub, event.Format, string) {
	at := s.category - 1
	// The commonest category first, without a copy.
	const common = `"SignInLogs"`
	if len(data) >= at+len(common) && string(data[at:at+len(common)]) == common {
		return event.Signin, event.Interactive, event.Diagnostic, ""
	}
	name := stringAt(data, at)
	st, ok := streams[strings.ToLower(name)]
	if !ok {
		return 0, 0, event.Diagnostic, "category " + quoteShort(name) + " is not a log that entrawatch reads"
	}
	return st.kind, st.sub, event.Diagnostic, ""
}

func knownStream(data []byte, at int) bool {
	_, ok := streams[strings.ToLower(stringAt(data, at-1))]
	return ok
}

// classifyRow tells what table a Log Analytics row is from. Type and Category
// are often overwritten by the query that made the export, so the columns have
// the last word.
func classifyRow(s *sniff, data []byte) (event.Kind, event.Sub, event.Format, string) {
	const f = event.LogAnalytics
	var named string
	if s.typ != 0 {
		named = stringAt(data, s.typ-1)
		if st, ok := streams[strings.ToLower(named)]; ok {
			if st.kind == event.Signin && !s.any(mCreatedDateTime|mTimeGenerated|mUPN|mApp|mAppID|mOperationName) {
				return 0, 0, f, "Type says " + named + ", but the row has none of that table's columns: it is the summary that a query made"
			}
			return st.kind, st.sub, f, ""
		}
	}
	// Categories of the audit log such as Policy are streams of other logs,
	// so the columns come first.
	switch {
	case s.any(mActivityValue):
		return event.Activity, 0, f, ""
	case s.any(mInitiatedBy|mLoggedBy) && !s.has(mAppID|mIP):
		return event.Audit, 0, f, ""
	case s.any(mOffice):
		return event.M365, 0, f, ""
	case s.any(mGraphActivity):
		return event.GraphActivity, 0, f, ""
	}
	if s.category != 0 {
		name := stringAt(data, s.category-1)
		if st, ok := streams[strings.ToLower(name)]; ok {
			return st.kind, st.sub, f, ""
		}
		if named == "" {
			named = name
		}
	}
	switch {
	case s.any(mInitiatedBy | mLoggedBy):
		return event.Audit, 0, f, ""
	case s.any(mRiskEventType):
		return event.RiskDetection, 0, f, ""
	case s.has(mAppID) && s.any(mIP|mUPN), s.has(mCreatedDateTime|mUPN) && s.any(mApp|mIP):
		return event.Signin, event.Interactive, f, ""
	}
	if named != "" {
		return 0, 0, f, "table " + quoteShort(named) + " is not a log that entrawatch reads"
	}
	return 0, 0, f, "a Log Analytics row of an unknown table: include the column Type in the export"
}

// officeKind tells the kind of an Office 365 record by its RecordType.
func officeKind(s *sniff, data []byte) (event.Kind, event.Sub) {
	if s.record != 0 {
		switch strings.ToLower(stringAt(data, s.record-1)) {
		case "15", "9", "azureactivedirectorystslogon", "azureactivedirectoryaccountlogon":
			return event.Signin, event.Interactive
		case "8", "azureactivedirectory":
			return event.Audit, event.SubNone
		}
	}
	return event.M365, event.SubNone
}

// classifyGraph tells Graph objects apart, by their page's context where that
// names a collection of logs, else by their keys.
func classifyGraph(r *Rec, data []byte) (event.Kind, event.Sub, event.Format, string) {
	const f = event.Graph
	s := &r.sniff
	context := r.Env.Context
	if context == "" && s.ctx != 0 {
		context = stringAt(data, s.ctx-1)
	}
	if st, ok := streamOfContext(context); ok {
		if st.kind == event.RoleDefinition && s.any(mPrincipal) {
			st.kind = event.RoleAssignment
		}
		return st.kind, st.sub, f, ""
	}
	switch {
	case s.has(mRiskEventType) && s.any(mDetected|mRiskLevel):
		return event.RiskDetection, 0, f, ""
	case s.has(mRiskUpdated | mRiskLevel), s.has(mRiskLevel|mUPN) && s.any(mRiskUser):
		return event.RiskyUser, 0, f, ""
	case s.any(mActivityName) && s.any(mInitiatedBy|mActivityTime|mLoggedBy):
		return event.Audit, 0, f, ""
	case s.any(mProvisioning):
		return event.Provisioning, 0, f, ""
	case s.has(mCreatedDateTime) && s.any(mAppID|mApp|mIP) && s.any(mStatus|mUPN|mIP) && !s.any(mAppObject|mServicePrincipal):
		return event.Signin, event.Interactive, f, ""
	case s.any(mRegistration):
		return event.RegistrationDetails, 0, f, ""
	case s.has(mPrincipal) && s.any(mRoleDefinition|mProperties):
		return event.RoleAssignment, 0, f, ""
	case s.typ != 0 && s.any(mProperties) && strings.EqualFold(stringAt(data, s.typ-1), "Microsoft.Authorization/roleAssignments"):
		return event.RoleAssignment, 0, f, ""
	case s.typ != 0 && s.any(mProperties) && strings.EqualFold(stringAt(data, s.typ-1), "Microsoft.Authorization/roleDefinitions"):
		return event.RoleDefinition, 0, f, ""
	case s.any(mReview):
		return event.AccessReview, 0, f, ""
	case s.any(mGrantControls) && s.any(mConditions):
		return event.ConditionalAccessPolicy, 0, f, ""
	case s.any(mServicePrincipal):
		return event.ServicePrincipal, 0, f, ""
	case s.any(mAppObject):
		return event.Application, 0, f, ""
	case s.any(mRoleObject):
		return event.RoleDefinition, 0, f, ""
	case s.any(mLocationObject):
		return event.NamedLocation, 0, f, ""
	case s.any(mGroup) && !s.any(mUPN):
		return event.Group, 0, f, ""
	case s.any(mUPN) && s.any(mAccountEnabled|mUserType|mMail|mCreatedDateTime):
		return event.User, 0, f, ""
	}
	return 0, 0, 0, "not a record of any log or directory object that entrawatch reads"
}

func quoteShort(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "…"
	}
	return `"` + s + `"`
}

// A subHint is the sort of sign-in that a file name suggests.
type subHint = event.Sub

// hintFromName reads the names that the portal gives its downloads.
func hintFromName(name string) subHint {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	n := strings.ToLower(strings.ReplaceAll(name, "-", ""))
	switch {
	case strings.Contains(n, "noninteractive"):
		return event.NonInteractive
	case strings.Contains(n, "interactivesignins"):
		return event.Interactive
	case strings.Contains(n, "msisignins"), strings.Contains(n, "managedidentity"):
		return event.ManagedIdentity
	case strings.Contains(n, "applicationsignins"), strings.Contains(n, "serviceprincipal"):
		return event.ServicePrincipalSignin
	}
	return event.SubNone
}
