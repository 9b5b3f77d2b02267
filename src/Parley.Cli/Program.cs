using System.Runtime.InteropServices;
using System.Text;
using Parley.Cli;
using Parley.Cli.Configuration;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using CancellationTokenSource stop = new();
Terminal terminal = Terminal.OfProcess();
int signals = 0;
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
int code = await CommandLine.RunAsync(args, terminal, ConfigurationInput.FromProcess(), stop.Token);
if (code != ExitCodes.Success || stop.IsCancellationRequested) // what was broken off may still be at work in native code
    ProcessEnd.Leave(code);
return code;

void Stop(PosixSignalContext signal)
{
    if (signal.Signal == PosixSignal.SIGINT && terminal.Interrupt())
    {
        signal.Cancel = true;
        return;
    }
    signals++;
    signal.Cancel = signals < 3; // the first stops, the second hurries a server that drains, the third ends the process where it stands
    stop.Cancel();
}
