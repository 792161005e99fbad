package simulate

// resource is what an application wants a token for.
type resource struct{ id, name, servicePrincipal string }

var (
	graphAPI   = &resource{"00000003-0000-0000-c000-000000000000", "Microsoft Graph", "5a12f851-b01a-5e1f-8e57-d3c50c2be05d"}
	exchange   = &resource{"00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online", "1f0be5b1-5c0e-4f66-9a57-0a3a0c1de2f4"}
	sharePoint = &resource{"00000003-0000-0ff1-ce00-000000000000", "Office 365 SharePoint Online", "6a9c3f0e-d7a1-4b8e-8f19-52c4be07d3a6"}
	azureAPI   = &resource{"797f4846-ba00-4fd7-ba43-dac1f8f63013", "Windows Azure Service Management API", "b3e1d8c2-04f7-4c5d-9d6b-7e21a98f5c30"}
	officeUX   = &resource{"5f09333a-842c-47da-a157-57da27fcbca5", "Office365 Shell WCSS-Server", "8916cb86-69ca-5963-9be0-c41f6962eddc"}
	expenses   = &resource{"7d2b1c40-6f0a-4f0e-9d2c-3b5a8e917f62", "Expense Tool", "e0d4a1b7-9c38-4e2a-b6f5-18c7d2039ea4"}
)

// What clientAppUsed says of modern clients.
const (
	inBrowser = "Browser"
	installed = "Mobile Apps and Desktop clients"
)

// application is what people sign in to.
type application struct {
	id, name string
	resource *resource
	client   string // clientAppUsed
	onPhone  bool
	admins   bool // only administrators use it
	share    int  // of the staff that uses it, in percent
}

// Microsoft's applications have these ids in every tenant; the ids of Contoso's
// own are made up.
var applications = []application{
	{id: "4765445b-32c6-49b0-83e6-1d93765276ca", name: "OfficeHome", resource: officeUX, client: inBrowser, share: 90},
	{id: "9199bf20-a13f-4107-85dc-02114787ef48", name: "One Outlook Web", resource: exchange, client: inBrowser, share: 70},
	{id: "08e18876-6177-487e-b8b5-cf950c1e598c", name: "SharePoint Online Web Client Extensibility", resource: sharePoint, client: inBrowser, share: 60},
	{id: "1fec8e78-bce4-4aaf-ab1b-5451cc387264", name: "Microsoft Teams", resource: graphAPI, client: installed, share: 85},
	{id: "d3590ed6-52b3-4102-aeff-aad2292ab01c", name: "Microsoft Office", resource: exchange, client: installed, share: 65},
	{id: "27922004-5251-4030-b22d-91ecd9a37ea4", name: "Outlook Mobile", resource: exchange, client: installed, onPhone: true, share: 55},
	{id: "c3aba1df-5854-5a41-9074-7dc1e4e87829", name: "Invoice Portal", resource: graphAPI, client: inBrowser, share: 20},
	{id: "3c1f6ad8-8b5e-4d27-a0e4-6f92b7d05c19", name: "Expense Tool", resource: expenses, client: inBrowser, share: 45},
	{id: "c44b4083-3bb0-49c1-b47d-974e53cbdf3c", name: "Azure Portal", resource: azureAPI, client: inBrowser, admins: true},
	{id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46", name: "Microsoft Azure CLI", resource: azureAPI, client: installed, admins: true},
}

// legacyApplications belong to the few whose mail program knows only passwords.
var legacyApplications = []application{
	{id: exchange.id, name: exchange.name, resource: exchange, client: "IMAP4"},
	{id: exchange.id, name: exchange.name, resource: exchange, client: "Authenticated SMTP"},
	{id: exchange.id, name: exchange.name, resource: exchange, client: "Exchange ActiveSync", onPhone: true},
}
