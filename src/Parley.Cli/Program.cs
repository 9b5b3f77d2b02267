using System.Runtime.InteropServices;
using System.Text;
using Parley.Cli;
using Parley.Cli.Configuration;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using CancellationTokenSource stop = new();
Terminal terminal = Terminal.OfProcess();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await CommandLine.RunAsync(args, terminal, ConfigurationInput.FromProcess(), stop.Token);

void Stop(PosixSignalContext signal)
{
    if (signal.Signal == PosixSignal.SIGINT && terminal.Interrupt())
    {
        signal.Cancel = true;
        return;
    }
    signal.Cancel = !stop.IsCancellationRequested; // a second signal ends the process where it stands
    stop.Cancel();
}
