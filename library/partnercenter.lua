---@meta partnercenter
-- SPDX-License-Identifier: MIT
--- What editors with a Lua language server complete and check by. The README describes each thing in full;
--- tests/checks/reference compares both with the code.

---@alias partnercenter.QualificationName "Education"|"GovernmentCommunityCloud"|"StateOwnedEntity"
---@alias partnercenter.Token string|fun(): string?, number|string|nil

---@class partnercenter.Options
---@field cloud? "global"|"china"|"germany"|"usgov"
---@field base_url? string the service; default: the cloud's
---@field login_url? string the token authority; default: the cloud's
---@field tenant_id? string the partner's tenant: its GUID or one of its domains
---@field client_id? string of the app
---@field client_secret? string of the app
---@field refresh_token? string|fun(): string?, string? of the user; without it: the app alone
---@field on_refresh_token? fun(token: string) called with each new refresh token
---@field token_cache? partnercenter.TokenCache through which clients share access tokens
---@field access_token? partnercenter.Token instead of all these: the token; or a function that returns it and its seconds, or nil and why
---@field timeout? number seconds for one attempt; default 30
---@field connect_timeout? number seconds; default 10
---@field deadline? number seconds for the whole call; default 300
---@field max_retries? integer attempts after the first; default 3
---@field max_retry_after? number seconds; a longer Retry-After is not waited for; default 120
---@field max_connections? integer open at once; default 32
---@field http2? boolean default true
---@field locale? string default "en-US"
---@field application_name? string
---@field user_agent? string
---@field ca_file? string PEM file of the only certificate authorities to trust
---@field proxy? string such as "http://proxy:3128"; "" is none; default: the environment's
---@field allow_insecure_http? boolean default false
---@field max_response_size? integer bytes; default 8 MiB
---@field on_event? fun(event: partnercenter.Event)

--- Such as a lua_shared_dict.
---@class partnercenter.TokenCache
---@field get fun(self, key: string): string?
---@field set fun(self, key: string, value: string, seconds: number)

--- What every call takes.
---@class partnercenter.CallOptions
---@field request_id? string GUID; generated when absent
---@field correlation_id? string GUID; generated when absent
---@field timeout? number seconds for one attempt
---@field deadline? number seconds for the whole call
---@field max_retries? integer

---@class partnercenter.UpdateOptions : partnercenter.CallOptions
---@field education_segment? "K12"|"HigherEducation"
---@field website? string of the customer, such as "example.edu"
---@field validation_code? string|integer GovernmentCommunityCloud needs one
---@field body? "object"|"integer" the form of the request; default "object"

---@class partnercenter.ListOptions : partnercenter.CallOptions
---@field page_size? integer customers a page; default 500
---@field filter? string|partnercenter.Filter a prefix of the domain, or a filter

---@class partnercenter.Filter
---@field field "Domain"|"CompanyName"
---@field value string the prefix

---@class partnercenter.WaitOptions : partnercenter.CallOptions
---@field qualification? partnercenter.QualificationName|integer which one; default: the newest
---@field timeout? number seconds for the whole wait; default: none
---@field interval? number seconds before the second poll; default 60
---@field max_interval? number seconds, the longest pause; default 3600
---@field on_poll? fun(qualification: partnercenter.Qualification)

---@class partnercenter.RunOptions
---@field concurrency? integer the most calls at once; default 16
---@field on_result? fun(item: partnercenter.Item, qualification: partnercenter.Qualification?, err: partnercenter.Error?, meta: partnercenter.Meta)
---@field on_progress? fun(progress: partnercenter.Progress)
---@field journal? string|partnercenter.JournalOptions a path, or postgresql://...
---@field wait? boolean follow each item until its vetting is decided; default false
---@field interval? number seconds before the first poll of an item; default 60
---@field max_interval? number of the polls, seconds; default 3600
---@field wait_timeout? number seconds, the longest wait for one item
---@field timeout? number of each call, seconds
---@field deadline? number of each call, seconds
---@field max_retries? integer of each call

---@class partnercenter.JournalOptions
---@field at string a path, or postgresql://user:password@host/database
---@field run? string the run's name, of several in one database; default "default"
---@field add? boolean whether another source's items may be added to the run

--- What is to be done for a customer. Whatever else it has is handed back with it.
---@class partnercenter.Item
---@field customer_id string GUID
---@field qualification partnercenter.QualificationName|integer
---@field education_segment? "K12"|"HigherEducation"
---@field website? string
---@field validation_code? string|integer

---@class partnercenter.Progress
---@field total? integer when it is known
---@field done integer
---@field succeeded integer
---@field failed integer
---@field in_flight integer

---@class partnercenter.Summary
---@field total integer
---@field succeeded integer
---@field failed integer
---@field denied integer with `wait`: decided against
---@field skipped integer at their end before, by the journal
---@field elapsed number seconds

---@class partnercenter.Qualification
---@field qualification partnercenter.QualificationName|"None"|string
---@field vettingStatus? "InReview"|"Approved"|"Denied"
---@field vettingReason? string when denied
---@field vettingCreateDate? string UTC, ISO 8601
---@field vettingCreatedDate? string the same, where the service calls it so

---@class partnercenter.QualificationOnly
---@field qualification partnercenter.QualificationName|"None"|string

---@class partnercenter.ValidationStatus
---@field type string
---@field status string
---@field lastUpdateDateTime string

--- What is known of a call.
---@class partnercenter.Meta
---@field status? integer
---@field request_id? string
---@field correlation_id? string
---@field attempts integer requests sent; 0 when nothing was
---@field elapsed number seconds
---@field event_error? any what `on_event` raised

---@alias partnercenter.Category
---| "bad_input" the arguments cannot be sent, or the service refused them (400)
---| "unauthorized" 401, or there is no token
---| "forbidden" 403
---| "not_found" 404
---| "invalid_operation" 405
---| "unsupported_data_format" 406
---| "request_timeout" 408
---| "already_exists" 409
---| "too_many_requests" 429
---| "server_busy" 503
---| "gateway_timeout" 504
---| "server_error" any other status outside 200 to 299
---| "timeout" no whole answer within `timeout` or `deadline`
---| "network" no connection, or the answer was cut off
---| "tls" the certificate was refused, or no TLS could be agreed on
---| "response_parsing" an answer that is not what is documented, or too large
---| "cancelled" the call was cancelled
---| "callback" a function of the script's raised
---| "journal" the journal of a run cannot be used, or is of another source
---| "unavailable" calls cannot wait here; nothing was sent

--- `tostring(err)` is one readable line, and so is `"..." .. err`.
---@class partnercenter.Error
---@field category partnercenter.Category
---@field message string
---@field retryable boolean whether the same call may succeed later
---@field attempts integer requests sent
---@field status? integer
---@field code? string of the service's error object, or the authority's
---@field data? any of the service's error object
---@field source? string of the service's error object
---@field request_id? string
---@field correlation_id? string
---@field retry_after? number seconds
---@field body? string the raw answer, when it was not the documented error object; at most 4 KiB
---@field cause? any what a function of the script's raised
---@field qualification? partnercenter.Qualification of a `wait_for_vetting` that timed out: the last answer
---@field summary? partnercenter.Summary of a run that ended early
---@field difference? string of a journal that is of another source: how that differs
---@operator concat(any): string

--- What happens to a call. Which fields an event has, goes by its type.
---@class partnercenter.Event
---@field type "request"|"response"|"retry"|"throttle"|"token"
---@field time number seconds since the epoch
---@field operation? string the method's name
---@field method? string of HTTP
---@field request_id? string
---@field correlation_id? string
---@field attempt? integer from 1
---@field customer_id? string
---@field qualification? string
---@field status? integer
---@field category? partnercenter.Category
---@field code? string token: of the authority's error
---@field elapsed? number response, token: seconds
---@field pause? number retry: seconds
---@field retry_after? number throttle: seconds
---@field source? "refresh_token"|"client_credentials"|"access_token"|"token_cache" token: where it was asked for
---@field expires_in? number token: seconds

--- A call that was started.
---@class partnercenter.Call
local Call = {}

--- Waits until it has ended, and returns what the method would have.
---@return any ...
function Call:result() end

--- Whether it has ended. Moves all calls of the client on, without waiting.
---@return boolean
function Call:done() end

--- Ends it with a `cancelled` error, unless it has ended.
function Call:cancel() end

--- A connection to Partner Center with its credentials. Make one and keep it.
---@class partnercenter.Client
local Client = {}

--- Sets a customer's qualification, which cannot be undone. Microsoft then vets it for minutes or days.
---@param customer_id string GUID
---@param qualification partnercenter.QualificationName|integer
---@param options? partnercenter.UpdateOptions
---@return partnercenter.Qualification? qualification
---@return partnercenter.Error? err
---@return partnercenter.Meta meta
function Client:update_qualification(customer_id, qualification, options) end

---@param customer_id string GUID
---@param options? partnercenter.CallOptions
---@return partnercenter.Qualification[]? qualifications
---@return partnercenter.Error? err
---@return partnercenter.Meta meta
function Client:get_qualifications(customer_id, options) end

--- Sets a customer's qualification with the PUT, which is decided at once.
---@param customer_id string GUID
---@param qualification partnercenter.QualificationName|integer
---@param options? partnercenter.UpdateOptions
---@return partnercenter.QualificationOnly? result
---@return partnercenter.Error? err
---@return partnercenter.Meta meta
function Client:update_qualification_sync(customer_id, qualification, options) end

---@param customer_id string GUID
---@param options? partnercenter.CallOptions
---@return partnercenter.QualificationOnly? result
---@return partnercenter.Error? err
---@return partnercenter.Meta meta
function Client:get_qualification(customer_id, options) end

---@param options? partnercenter.CallOptions
---@return table[]? codes an entry's `validationId` is the `validation_code` to send
---@return partnercenter.Error? err
---@return partnercenter.Meta meta
function Client:get_validation_codes(options) end

---@param customer_id string GUID
---@param options? partnercenter.CallOptions
---@return partnercenter.ValidationStatus? status
---@return partnercenter.Error? err
---@return partnercenter.Meta meta
function Client:get_validation_status(customer_id, options) end

---@param customer_id string GUID
---@param options? partnercenter.CallOptions
---@return table? customer
---@return partnercenter.Error? err
---@return partnercenter.Meta meta
function Client:get_customer(customer_id, options) end

--- For `for customer, err in client:customers(options) do`. A failure is one last turn of `false, err`.
---@param options? partnercenter.ListOptions
---@return fun(): table|false|nil, partnercenter.Error?
function Client:customers(options) end

--- Waits until the qualification is Approved or Denied.
---@param customer_id string GUID
---@param options? partnercenter.WaitOptions
---@return partnercenter.Qualification? qualification
---@return partnercenter.Error? err
---@return partnercenter.Meta meta
function Client:wait_for_vetting(customer_id, options) end

--- Updates many customers in one run.
---@param source partnercenter.Item[]|fun(): (partnercenter.Item|false|nil), any
---@param options? partnercenter.RunOptions
---@return partnercenter.Summary? summary
---@return partnercenter.Error? err with `summary`
function Client:update_qualifications(source, options) end

--- Begins a call and returns at once.
---@param method_name "update_qualification"|"get_qualifications"|"update_qualification_sync"|"get_qualification"|"get_validation_codes"|"get_validation_status"|"get_customer"|"wait_for_vetting"|"update_qualifications"
---@param ... any its arguments
---@return partnercenter.Call
function Client:start(method_name, ...) end

--- A descriptor that is readable when started calls have ended. From then on the client has a thread.
---@return integer
function Client:pollfd() end

---@return "r"
function Client:events() end

--- The seconds to wait at most; nil: until the descriptor is readable.
---@return number?
function Client:timeout() end

--- Does what is due, without waiting.
---@return partnercenter.Call[] ended the started calls that have just ended and were not collected
function Client:process() end

--- Cancels what is in flight, closes the connections and wipes the secrets.
function Client:close() end

---@class partnercenter
---@field _VERSION string
local partnercenter = {}

--- Makes a client.
---@param options partnercenter.Options
---@return partnercenter.Client? client nil when an option holds bad data
---@return partnercenter.Error? err
function partnercenter.new(options) end

return partnercenter
