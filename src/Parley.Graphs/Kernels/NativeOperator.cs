using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Parley.Graphs;

/// <summary>
/// Describes an operator of ours to ONNX Runtime: OrtCustomOp of onnxruntime_c_api.h, as of <see cref="OrtApi.Version"/>, and behind it what
/// its questions are answered from. Lives as long as the process.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeOperator
{
    /// <summary>The element types of onnxruntime_c_api.h.</summary>
    public const byte F32 = 1, U8 = 2, I32 = 6;

    private uint version;
    private readonly nint createKernel; // this and others that stay zero have a successor below
    private delegate* unmanaged<NativeOperator*, byte*> getName;
    private delegate* unmanaged<NativeOperator*, byte*> getProvider;
    private delegate* unmanaged<NativeOperator*, nuint, int> getInputType;
    private delegate* unmanaged<NativeOperator*, nuint> getInputCount;
    private delegate* unmanaged<NativeOperator*, nuint, int> getOutputType;
    private delegate* unmanaged<NativeOperator*, nuint> getOutputCount;
    private readonly nint compute;
    private delegate* unmanaged<Node*, void> destroyKernel;
    private delegate* unmanaged<NativeOperator*, nuint, int> getInputCharacteristic;
    private delegate* unmanaged<NativeOperator*, nuint, int> getOutputCharacteristic;
    private delegate* unmanaged<NativeOperator*, nuint, int> getInputMemory;
    private delegate* unmanaged<NativeOperator*, int> getVariadicInputs;
    private delegate* unmanaged<NativeOperator*, int> areVariadicInputsAlike;
    private delegate* unmanaged<NativeOperator*, int> getVariadicOutputs;
    private delegate* unmanaged<NativeOperator*, int> areVariadicOutputsAlike;
    private delegate* unmanaged<NativeOperator*, nint, nint, Node**, nint> createKernelOrFail;
    private delegate* unmanaged<Node*, nint, nint> computeOrFail;
    private readonly nint inferShape;
    private delegate* unmanaged<NativeOperator*, int> getFirstVersion;
    private delegate* unmanaged<NativeOperator*, int> getLastVersion;

    private byte* name;
    private byte* inputTypes;
    private int inputs;
    private int requiredInputs;
    private int outputs;
    private delegate*<nint, void*> create;
    private delegate*<void*, nint, void> run;

    /// <summary>One node of a session: its operator, and the state that the operator made from its attributes.</summary>
    private struct Node
    {
        public NativeOperator* Operator;
        public void* State; // or null
    }

    /// <param name="name">A literal.</param>
    /// <param name="inputTypes">A literal: <see cref="F32"/>, <see cref="U8"/> or <see cref="I32"/> of every input.</param>
    /// <param name="requiredInputs">Inputs before the optional ones.</param>
    /// <param name="outputs">Outputs, all f32.</param>
    /// <param name="create">Makes the state of a node with <see cref="NativeMemory.Alloc(nuint)"/> from its attributes; null for none.</param>
    /// <param name="run">Runs a node on its state and a context. Exceptions become failures of the session's run.</param>
    public static NativeOperator* Create(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> inputTypes, int requiredInputs, int outputs,
        delegate*<nint, void*> create, delegate*<void*, nint, void> run)
    {
        NativeOperator* definition = (NativeOperator*)NativeMemory.AllocZeroed((nuint)sizeof(NativeOperator));
        *definition = new()
        {
            version = OrtApi.Version,
            getName = &GetName,
            getProvider = &GetProvider,
            getInputType = &GetInputType,
            getInputCount = &GetInputCount,
            getOutputType = &GetOutputType,
            getOutputCount = &GetOutputCount,
            destroyKernel = &DestroyKernel,
            getInputCharacteristic = &GetInputCharacteristic,
            getOutputCharacteristic = &GetDefault,
            getInputMemory = &GetDefault,
            getVariadicInputs = &GetNone,
            areVariadicInputsAlike = &GetNone,
            getVariadicOutputs = &GetNone,
            areVariadicOutputsAlike = &GetNone,
            createKernelOrFail = &CreateKernel,
            computeOrFail = &Compute,
            getFirstVersion = &GetVersion,
            getLastVersion = &GetVersion,
            name = Literal(name),
            inputTypes = Literal(inputTypes),
            inputs = inputTypes.Length,
            requiredInputs = requiredInputs,
            outputs = outputs,
            create = create,
            run = run,
        };
        return definition;
    }

    /// <summary>A literal's bytes: they never move, and a text ends with a zero.</summary>
    public static byte* Literal(ReadOnlySpan<byte> literal) => (byte*)Unsafe.AsPointer(in MemoryMarshal.GetReference(literal));

    [UnmanagedCallersOnly]
    private static byte* GetName(NativeOperator* self) => self->name;

    [UnmanagedCallersOnly]
    private static byte* GetProvider(NativeOperator* self) => null; // the CPU

    [UnmanagedCallersOnly]
    private static int GetInputType(NativeOperator* self, nuint index) => self->inputTypes[index];

    [UnmanagedCallersOnly]
    private static nuint GetInputCount(NativeOperator* self) => (nuint)self->inputs;

    [UnmanagedCallersOnly]
    private static int GetOutputType(NativeOperator* self, nuint index) => F32;

    [UnmanagedCallersOnly]
    private static nuint GetOutputCount(NativeOperator* self) => (nuint)self->outputs;

    [UnmanagedCallersOnly]
    private static int GetInputCharacteristic(NativeOperator* self, nuint index) => (int)index < self->requiredInputs ? 0 : 1; // required, optional

    [UnmanagedCallersOnly]
    private static int GetDefault(NativeOperator* self, nuint index) => 0;

    [UnmanagedCallersOnly]
    private static int GetNone(NativeOperator* self) => 0;

    [UnmanagedCallersOnly]
    private static int GetVersion(NativeOperator* self) => 1;

    [UnmanagedCallersOnly]
    private static nint CreateKernel(NativeOperator* self, nint api, nint info, Node** created)
    {
        try
        {
            void* state = self->create is null ? null : self->create(info);
            *created = (Node*)NativeMemory.Alloc((nuint)sizeof(Node));
            **created = new() { Operator = self, State = state };
            return 0;
        }
        catch (Exception fault) // no exception may reach the runtime
        {
            return Failure(self, fault);
        }
    }

    [UnmanagedCallersOnly]
    private static nint Compute(Node* node, nint context)
    {
        try
        {
            node->Operator->run(node->State, context);
            return 0;
        }
        catch (Exception fault) // no exception may reach the runtime
        {
            return Failure(node->Operator, fault);
        }
    }

    private static nint Failure(NativeOperator* self, Exception fault) => OrtApi.Failure($"{Marshal.PtrToStringUTF8((nint)self->name)}: {fault.Message}");

    [UnmanagedCallersOnly]
    private static void DestroyKernel(Node* node)
    {
        NativeMemory.Free(node->State);
        NativeMemory.Free(node);
    }
}
