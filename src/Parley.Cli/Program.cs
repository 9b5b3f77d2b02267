using System.Runtime.InteropServices;
using System.Text;
using Parley.Cli;
using Parley.Cli.Configuration;

Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using CancellationTokenSource stop = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await CommandLine.RunAsync(args, Terminal.OfProcess(), ConfigurationInput.FromProcess(), stop.Token);

void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested; // a second signal ends the process where it stands
    stop.Cancel();
}
