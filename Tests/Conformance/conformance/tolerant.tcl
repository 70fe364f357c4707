# Loaded by the generated copy of the suite's test_helper.tcl, after its own procedures.
#
# The suite stops a unit at the first surprise outside a test: `r function flush` on a server
# without FUNCTION, a `config set` of a parameter that is not there, a set-up line between two
# tests. Judging a server that is being built needs the rest of the unit too. So this file
#
#   - runs the body of a unit, of start_server and of tags command by command, reports an error
#     between tests as a `setup` event, and goes on with the next command;
#   - gives the tests after a failed one a fresh connection where the failure has left the old
#     one inside MULTI, subscribed, or with replies unread;
#   - notes which commands a test sent, so that a failure for want of a command can be told apart;
#   - writes every event to the file $CONFORMANCE_EVENTS, one line each:
#     kind TAB elapsed milliseconds TAB text, with \t, \n and \\ escaped.
#
# What a test checks is not touched, but for one thing: since Redis 7.2 small lists, and small sets
# of other things than integers, are listpacks, which 7.0's suite does not know yet.

set ::conformance_events [open $::env(CONFORMANCE_EVENTS) a]
fconfigure $::conformance_events -encoding utf-8 -buffering line

proc conformance_event {kind text {elapsed 0}} {
    set text [string map {\\ \\\\ \t \\t \n \\n \r \\r} [string range $text 0 20000]]
    puts $::conformance_events "$kind\t$elapsed\t$text"
}

rename assert_encoding conformance_assert_encoding
proc assert_encoding {enc key} {
    set type [r type $key]
    if {($type eq {list} && $enc eq {quicklist}) || ($type eq {set} && $enc eq {hashtable})} {
        if {[r object encoding $key] eq {listpack}} return
    }
    conformance_assert_encoding $enc $key
}

rename send_data_packet conformance_send_data_packet
proc send_data_packet {fd status data {elapsed 0}} {
    if {$::client} {
        conformance_event $status $data $elapsed
        # The receiver counts bytes where the sender counts characters, so a failure message
        # with a binary reply in it would leave both waiting for ever.
        if {$status eq {err} || $status eq {exception}} {
            regsub -all {[^\x20-\x7e\n]} [string range $data 0 4000] ? data
        }
    }
    conformance_send_data_packet $fd $status $data $elapsed
}

# The command that a chunk of source starts with, for reports.
proc conformance_first_line {code} {
    foreach line [split [string trim $code] "\n"] {
        set line [string trim $line]
        if {$line ne {} && [string index $line 0] ne "#"} { return $line }
    }
    return ""
}

# Runs `code` in the caller's frame, one command after the other. An error is reported and the
# next command follows; return, break and continue end the body.
proc conformance_body {code} {
    set command ""
    foreach line [split $code "\n"] {
        append command $line "\n"
        if {![info complete $command] || [regexp {(^|[^\\])(\\\\)*\\$} $line]} continue
        set status [catch {uplevel 1 $command} result]
        if {$status == 1} {
            conformance_event setup "[conformance_first_line $command]\n$result"
        } elseif {$status != 0} {
            return
        }
        set command ""
    }
    if {[string trim $command] ne ""} {
        conformance_event setup "[conformance_first_line $command]\nincomplete command"
    }
}

rename start_server conformance_start_server
proc start_server {options {code undefined}} {
    if {$code ne {undefined}} { set code [list conformance_body $code] }
    uplevel 1 [list conformance_start_server $options $code]
}

rename tags conformance_tags
proc tags {tags code} {
    uplevel 1 [list conformance_tags $tags [list conformance_body $code]]
}

proc execute_test_file __testname {
    set path "tests/$__testname.tcl"
    set ::curfile $path
    set file [open $path]
    set code [read $file]
    close $file
    conformance_body $code
    send_data_packet $::test_server_fd done "$__testname"
}

# Every command passes here: its name is noted, with the names that COMMAND is asked about, and so
# is the protocol a connection chose.
rename ::redis::__dispatch__raw__ ::redis::conformance_dispatch
proc ::redis::__dispatch__raw__ {id method argv} {
    if {[info command ::redis::__method__$method] eq {}} {
        dict set ::conformance_used [string toupper $method] 1
        if {[string equal -nocase $method command]} {
            foreach word [lrange $argv 1 9] { dict set ::conformance_used [string toupper $word] 1 }
        }
        if {[string equal -nocase $method hello]} {
            set ::conformance_protocol($id) [lindex $argv 0]
        }
    }
    uplevel 1 [list ::redis::conformance_dispatch $id $method $argv]
}
set ::conformance_used {}

rename test conformance_test
proc test {name code {okpattern undefined} {tags {}}} {
    set failed_before $::num_failed
    set ::conformance_used {}
    set result [uplevel 1 [list conformance_test $name $code $okpattern $tags]]
    if {$::num_failed > $failed_before} {
        conformance_event used [dict keys $::conformance_used]
        if {[llength $::servers] > 0 && [catch {conformance_recover} error]} {
            conformance_event dead "$name\n$error"
            if {$::external} { exit 1 }
        }
    }
    return $result
}

# A new connection in place of one that no longer answers in step.
proc conformance_recover {} {
    set client [srv 0 client]
    if {[conformance_in_step $client]} return
    regexp {\d+$} $client id
    reconnect
    if {[info exists ::conformance_protocol($id)] && $::conformance_protocol($id) eq "3"} {
        r hello 3
    }
}

# Whether a connection answers ECHO, within 2 s, with that and nothing else.
proc conformance_in_step {client} {
    if {[catch {
        set channel [$client channel]
        puts -nonewline $channel "*2\r\n\$4\r\nECHO\r\n\$11\r\nconformance\r\n"
        flush $channel
        fconfigure $channel -blocking 0
        set got ""
        for {set wait 0} {$wait < 200 && [string length $got] < 18} {incr wait} {
            append got [read $channel]
            if {[eof $channel]} break
            if {[string length $got] < 18} { after 10 }
        }
        fconfigure $channel -blocking 1
        $client deferred 0
        $client readraw 0
    }]} { return 0 }
    return [expr {$got eq "\$11\r\nconformance\r\n"}]
}

# External mode's start_server: the same steps as the suite's own, each allowed to fail.
proc run_external_server_test {code overrides} {
    set client [redis $::host $::port 0 $::tls]
    if {!$::singledb} { $client select 9 }
    lappend ::servers [dict create host $::host port $::port client $client \
        config [dict create port $::port]]

    conformance_step flushall
    conformance_step function flush
    set saved {}
    foreach {parameter value} $overrides {
        set old [conformance_step config get $parameter]
        if {[llength $old] == 2} { dict set saved $parameter [lindex $old 1] }
        conformance_step config set $parameter $value
        if {$parameter eq "appendonly" && $value eq "yes"} { catch {waitForBgrewriteaof r} }
    }

    catch {uplevel 2 $code}

    dict for {parameter value} $saved { conformance_step config set $parameter $value }
    set server [lpop ::servers]
    if {[dict exists $server client]} { catch {[dict get $server client] close} }
}

proc conformance_step {args} {
    if {[catch {r {*}$args} reply]} {
        conformance_event setup "r $args\n$reply"
        return ""
    }
    return $reply
}
