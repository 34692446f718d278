# Run by MicroSIP (cmdIncomingCall): asks Omniline who rings at this extension and opens the customer's page.
# The three values are of this phone alone; `omniline agents list --secrets` prints the phone key.
$Desk = "http://127.0.0.1:8080"
$Extension = "101"
$PhoneKey = "PHONE_KEY"

$Pair = [Text.Encoding]::ASCII.GetBytes("agent-${Extension}:${PhoneKey}")
$Headers = @{ Authorization = "Basic " + [Convert]::ToBase64String($Pair) }
$Answer = Invoke-RestMethod -Uri "$Desk/api/v1/ringing?extension=$Extension" -Headers $Headers -TimeoutSec 3
$Pop = $Answer.items | Select-Object -Last 1
if ($Pop -and $Pop.card.customer) {
    Start-Process "$Desk/customers/$($Pop.card.customer.id)"
} elseif ($Pop) {
    Start-Process "$Desk/"
}
